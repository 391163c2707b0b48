# expect: py.dynamic-import
# tries: a folder with an __init__.py is written beside the program
import os

os.makedirs("colorsys")
with open(os.path.join("colorsys", "__init__.py"), "w") as file:
    file.write("print('PWNED')")
import colorsys
