# expect: py.code-execution
# tries: the message of an assertion that fails
try:
    assert [], eval("print('PWNED')")
except AssertionError:
    pass
