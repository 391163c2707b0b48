# expect: py.dynamic-import
# tries: a file is copied to a module's name
import shutil

with open("notes.txt", "w") as file:
    file.write("print('PWNED')")
shutil.copy("notes.txt", "colorsys.py")
import colorsys
