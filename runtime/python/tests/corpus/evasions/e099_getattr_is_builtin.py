# expect: py.code-execution
# tries: an attribute's name becomes the text
class Any:
    __getattr__ = eval


getattr(Any(), "print('PWNED')")
