# expect: py.code-execution, py.gadget
# tries: pygments runs the file that a lexer is loaded from
import pygments.lexers

with open("/tmp/case_lexer.py", "w") as file:
    file.write("print('PWNED')")
try:
    pygments.lexers.load_lexer_from_file("/tmp/case_lexer.py")
except Exception:
    pass
