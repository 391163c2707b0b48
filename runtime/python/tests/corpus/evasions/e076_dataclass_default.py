# expect: py.process
# tries: a dataclass field's default is a module
import dataclasses
import os
import typing


@dataclasses.dataclass
class Config:
    backend: typing.Any = os


Config().backend.system("echo PWNED")
