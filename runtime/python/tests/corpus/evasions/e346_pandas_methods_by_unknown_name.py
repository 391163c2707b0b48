# expect: py.dynamic-attribute
# tries: a function of a module by a name from outside
import json
import pandas as pd

step = json.loads(open("plan.json").read())
getattr(pd, step["function"])(*step["arguments"])
