# expect: py.namespace
# tries: operator.itemgetter on a module's namespace
import operator
import os

operator.itemgetter("system")(vars(os))("echo PWNED")
