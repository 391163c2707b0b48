# expect: py.process, py.import
# tries: numpy's build tools run programs
from numpy.distutils.exec_command import exec_command

exec_command("echo PWNED")
