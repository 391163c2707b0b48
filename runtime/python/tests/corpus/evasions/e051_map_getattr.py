# expect: py.dynamic-attribute, py.process
# tries: map applies getattr
import os

(run,) = map(getattr, [os], ["system"])
run("echo PWNED")
