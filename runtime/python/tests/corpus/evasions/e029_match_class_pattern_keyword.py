# expect: py.process, py.dynamic-attribute
# tries: a class pattern reads an attribute without naming it as one
import os

match os:
    case object(system=run):
        run("echo PWNED")
