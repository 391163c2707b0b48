# expect: py.process
# tries: `global` in a class body makes a module variable
import os


class Config:
    global backend
    backend = os


backend.system("echo PWNED")
