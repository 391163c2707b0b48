# expect: py.dynamic-attribute, py.namespace, py.private
# tries: an unbound method of argparse reads the __dict__ of any object, through a subclass
import argparse
import os


class Options(argparse.Namespace):
    pass


dict(Options._get_kwargs(os))["system"]("echo PWNED")
