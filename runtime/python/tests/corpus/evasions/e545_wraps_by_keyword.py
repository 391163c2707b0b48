# expect: py.namespace
# tries: update_wrapper with a keyword copies a module's names
import functools
import os


def function():
    pass


functools.update_wrapper(function, wrapped=os)
function.system("echo PWNED")
