# expect: py.process
# tries: the module travels in an exception group
import os

try:
    raise ExceptionGroup("many", [ValueError(os)])
except* ValueError as group:
    group.exceptions[0].args[0].system("echo PWNED")
