# expect: py.deserialisation
# tries: the same by its short name
from yaml import unsafe_load as parse

parse("!!python/object/apply:os.system ['echo PWNED']")
