# expect: py.process
# tries: the old value of a context variable
import contextvars
import os

variable = contextvars.ContextVar("variable")
contextvars.ContextVar.set(variable, os)
token = contextvars.ContextVar.set(variable, None)
token.old_value.system("echo PWNED")
