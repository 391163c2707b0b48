# expect: py.deserialisation, py.import, py.namespace, py.gadget
# tries: joblib by sklearn's utilities
from sklearn.utils import _joblib

_joblib.joblib.load("model.joblib")
