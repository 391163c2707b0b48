# expect: py.code-execution
# tries: a format spec becomes the text that eval gets
class Show:
    __format__ = eval


f"{Show():print('PWNED') or ''}"
