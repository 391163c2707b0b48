# expect: py.code-execution
# tries: an expression over lines, with a lambda in parentheses
text = "print('PWNED')"
f'''{
    (lambda run: run(text))(
        eval
    )
}'''
