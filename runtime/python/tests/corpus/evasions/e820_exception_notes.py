# expect: py.process
# tries: the context of an exception
import os


class Problem(Exception):
    pass


try:
    try:
        raise Problem(os)
    except Problem:
        raise ValueError
except ValueError as error:
    error.__context__.args[0].system("echo PWNED")
