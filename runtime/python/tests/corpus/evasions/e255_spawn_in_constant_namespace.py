# expect: py.process
# tries: spawnlp with a mode from another module's name
from os import P_WAIT as wait, spawnlp as launch

launch(wait, "echo", "echo", "PWNED")
