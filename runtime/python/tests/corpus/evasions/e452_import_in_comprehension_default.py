# expect: py.process
# tries: the default of a lambda in a comprehension keeps each element
import json
import os

actions = [lambda command, backend=backend: backend.system(command) for backend in (json, os)]
actions[1]("echo PWNED")
