# expect: py.dynamic-import
# tries: a text file becomes a module
import os

with open("notes.txt", "w") as file:
    file.write("print('PWNED')")
os.replace("notes.txt", "colorsys.py")
import colorsys
