# expect: py.import, py.code-execution
# tries: an interpreter in a module
import code

code.InteractiveInterpreter().runsource("print('PWNED')")
