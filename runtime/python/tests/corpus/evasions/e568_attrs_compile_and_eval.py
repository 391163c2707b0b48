# expect: py.code-execution
# tries: a private function of attrs runs text
import attr

attr._make._compile_and_eval("print('PWNED')", {})
