# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a namespace carries the module as a default
import argparse
import os

parser = argparse.ArgumentParser()
parser.set_defaults(backend=os)
args = parser.parse_args([])
args.backend.system("echo PWNED")
