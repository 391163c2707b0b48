# expect: py.process, py.dynamic-attribute
# tries: an object from outside keeps a looked-up level under the keyword of a level
import logging
import os
import types

types.SimpleNamespace(level=getattr(logging, os.environ.get("LEVEL", "os"))).level.system("echo PWNED")
