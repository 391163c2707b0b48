# expect: py.code-execution, py.encoding
# tries: the text looks like one comment to a reader, the order of characters is another
x = "‮ ⁦# harmless⁩ ⁦"; exec("print('PWNED')")
