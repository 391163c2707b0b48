# expect: py.process, py.dynamic-attribute
# tries: a method that takes levels is put on an object from outside
import logging
import os
import types

own = types.SimpleNamespace()
own.setLevel = lambda level: level.system("echo PWNED")
own.setLevel(getattr(logging, os.environ.get("LEVEL", "os")))
