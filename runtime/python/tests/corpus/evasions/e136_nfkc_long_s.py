# expect: py.process
# tries: the long s is an s to Python
import oſ

oſ.ſyſtem("echo PWNED")
