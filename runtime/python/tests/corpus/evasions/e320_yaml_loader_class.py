# expect: py.deserialisation
# tries: a loader without load()
import yaml

yaml.loader.Loader("!!python/object/apply:os.system ['echo PWNED']").get_single_data()
