# expect: py.deserialisation
# tries: the loader is picked at run time from a table
import yaml

LOADERS = {"safe": yaml.SafeLoader, "fast": yaml.Loader}
yaml.load("!!python/object/apply:os.system ['echo PWNED']", LOADERS["fast"])
