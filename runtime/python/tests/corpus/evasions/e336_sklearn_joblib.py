# expect: py.deserialisation, py.import
# tries: joblib by itself
import joblib

joblib.load("model.joblib")
