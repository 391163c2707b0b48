# expect: py.native-code, py.process, py.import
# tries: numpy compiles Fortran
from numpy import f2py

f2py.compile("      end", modulename="x")
