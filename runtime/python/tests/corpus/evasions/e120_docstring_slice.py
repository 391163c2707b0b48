# expect: py.process, py.dynamic-attribute
# tries: a slice of the module's docstring
"""The system of agents."""
import os

getattr(os, __doc__[4:10])("echo PWNED")
