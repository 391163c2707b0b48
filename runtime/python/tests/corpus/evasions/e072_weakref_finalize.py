# expect: py.process
# tries: a finalizer calls the function
import os
import weakref


class Thing:
    pass


weakref.finalize(Thing(), os.system, "echo PWNED")
