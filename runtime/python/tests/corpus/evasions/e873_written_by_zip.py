# expect: py.dynamic-import
# tries: a module comes out of an archive
import zipfile

with zipfile.ZipFile("a.zip", "w") as archive:
    archive.writestr("colorsys.py", "print('PWNED')")
with zipfile.ZipFile("a.zip") as archive:
    archive.extractall()
import colorsys
