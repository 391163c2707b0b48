# expect: py.deserialisation
# tries: the unsafe loader under the module it lives in
import yaml.cyaml

yaml.cyaml.CUnsafeLoader("!!python/object/apply:os.system [echo PWNED]").get_single_data()
