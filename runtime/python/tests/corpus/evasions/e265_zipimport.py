# expect: py.import, py.dynamic-import
# tries: modules from an archive
import zipimport

try:
    zipimport.zipimporter("/nowhere.zip")
except zipimport.ZipImportError:
    print("PWNED")
