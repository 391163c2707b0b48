# expect: py.dynamic-import
# tries: the file's name is put together
import pathlib

name = "color" + "sys"
pathlib.Path(f"{name}.py").write_text("print('PWNED')")
import colorsys
