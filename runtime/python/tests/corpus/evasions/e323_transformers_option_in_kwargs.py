# expect: py.code-execution, py.gadget, py.deserialisation, py.dynamic-import
# tries: the option is hidden in a dict
from transformers import pipeline

settings = dict(model="someone/model")
settings["trust_remote_code"] = True
pipeline("text-generation", **settings)
