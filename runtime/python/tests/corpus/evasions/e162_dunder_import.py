# expect: py.dynamic-import
# tries: __import__
__import__("subprocess").run(["echo", "PWNED"])
