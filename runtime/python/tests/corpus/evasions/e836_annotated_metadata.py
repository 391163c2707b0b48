# expect: py.process
# tries: the metadata of an annotated type
import os
import typing

Tool = typing.Annotated[int, os]
Tool.__metadata__[0].system("echo PWNED")
