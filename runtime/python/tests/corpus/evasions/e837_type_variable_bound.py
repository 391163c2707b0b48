# expect: py.process
# tries: the constraints of a type variable
import os
import typing

typing.TypeVar("T", bound=typing.Annotated[int, os]).__bound__.__metadata__[0].system("echo PWNED")
