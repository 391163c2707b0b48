# expect: py.gadget, py.dynamic-attribute, py.process
# tries: string.Formatter evaluates a path to an object
import os
import string

string.Formatter().get_field("0.system", (os,), {})[0]("echo PWNED")
