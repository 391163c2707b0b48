# expect: py.process, py.dynamic-attribute
# tries: operator.methodcaller with a constant name
import os
from operator import methodcaller as call_it

call_it("system", "echo PWNED")(os)
