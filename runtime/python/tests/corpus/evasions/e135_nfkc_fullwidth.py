# expect: py.process
# tries: identifiers in fullwidth letters
import ｏｓ

os.ｓｙｓｔｅｍ("echo PWNED")
