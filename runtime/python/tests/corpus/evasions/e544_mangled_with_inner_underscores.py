# expect: py.namespace, py.process, py.dynamic-attribute
# tries: a private name of a class whose name has two underscores
import os


class A__B:
    __module = os


A__B._A__B__module.__dict__["system"]("echo PWNED")
