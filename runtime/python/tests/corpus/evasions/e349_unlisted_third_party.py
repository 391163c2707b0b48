# expect: py.deserialisation, py.import
# tries: a package that is on no list
import dill

dill.loads(b"")
