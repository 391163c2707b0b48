# expect: py.deserialisation
# tries: without weights_only older versions unpickle
from torch import load as restore

restore("model.pt")
