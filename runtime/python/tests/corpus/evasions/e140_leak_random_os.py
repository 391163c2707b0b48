# expect: py.process, py.import, py.namespace, py.gadget
# tries: random imports os under a private name
import random

random._os.system("echo PWNED")
