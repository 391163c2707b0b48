# expect: py.process
# tries: a cached function hands out the module
import functools
import os


@functools.lru_cache
def backend(name):
    return {"x": os}.get(name)


backend("x").system("echo PWNED")
