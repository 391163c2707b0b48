# expect: py.code-execution
# tries: a missing key becomes the text that eval gets
class Table(dict):
    __missing__ = eval


Table()["print('PWNED')"]
