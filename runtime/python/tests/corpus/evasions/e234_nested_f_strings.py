# expect: py.code-execution
# tries: an f-string in an f-string in an f-string
text = "print('PWNED')"
f"""{f'''{f"{eval(text)}"}'''}"""
