# expect: py.deserialisation
# tries: pandas unpickles
from pandas import read_pickle as load_table

load_table("model.bin")
