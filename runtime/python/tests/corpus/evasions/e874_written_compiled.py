# expect: py.dynamic-import
# tries: a compiled file is renamed
import pathlib

pathlib.Path("colorsys.txt").write_text("print('PWNED')")
pathlib.Path("colorsys.txt").rename("colorsys.py")
from colorsys import *
