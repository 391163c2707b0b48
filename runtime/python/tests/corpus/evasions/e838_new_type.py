# expect: py.process
# tries: the type behind a new type
import os
import typing

typing.NewType("Tool", os).__supertype__.system("echo PWNED")
