# expect: py.introspection, py.dynamic-attribute, py.process
# tries: object.__getattribute__ instead of getattr
import os

object.__getattribute__(os, "sys" + "tem")("echo PWNED")
