# expect: py.process, py.namespace, py.import, py.gadget
# tries: os.path's own imports lead back to os under a harmless name
from os.path import genericpath as paths

paths.os.system("echo PWNED")
