# expect: py.code-execution
# tries: a regular expression's callback evaluates
import re

re.sub(".+", lambda match: str(eval(match[0])), "print('PWNED')")
