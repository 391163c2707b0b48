# expect: py.process, py.import, py.namespace, py.gadget
# tries: the C half of os
import shutil

shutil.posix.system("echo PWNED")
