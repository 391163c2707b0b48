# expect: py.gadget, py.process, py.introspection
# tries: sys calls a function with arguments
import os
import sys

sys.call_tracing(os.system, ("echo PWNED",))
