# expect: py.import, py.process, py.namespace
# tries: a class of importlib under another module's name
import typing

typing.sys.modules["os"].system("echo PWNED")
