# expect: py.process, py.dynamic-attribute
# tries: a partial's state is replaced by a function that looks up
import functools
import os

call = functools.partial(print)
look = getattr
call.__setstate__((look, (os, "sys" + "tem"), {}, {}))
call()("echo PWNED")
