# expect: py.process
# tries: os under the name of a module whose attributes look harmless
import os as platform

platform.system("echo PWNED")
