# expect: py.deserialisation
# tries: a loader that makes any object
import yaml

yaml.load("!!python/object/apply:os.system ['echo PWNED']", Loader=yaml.UnsafeLoader)
