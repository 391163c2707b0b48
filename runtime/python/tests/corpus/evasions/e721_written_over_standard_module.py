# expect: py.dynamic-import
# tries: a module of the standard library's name is written beside the program
with open("colorsys.py", "w") as file:
    file.write("print('PWNED')")
import colorsys
