# expect: py.dynamic-import
# tries: a module is written by a path's method
import pathlib

here = pathlib.Path(__file__).parent
(here / "colorsys.py").write_text("print('PWNED')")
import colorsys
