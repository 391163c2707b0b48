# expect: py.process, py.dynamic-attribute, py.namespace
# tries: fields of a dataclass as a tuple
import dataclasses
import os


@dataclasses.dataclass
class Config:
    backend: object = None


config = dataclasses.replace(Config(), backend=os)
getattr(config, dataclasses.fields(config)[0].name).system("echo PWNED")
