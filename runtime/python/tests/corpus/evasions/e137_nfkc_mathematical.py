# expect: py.code-execution
# tries: mathematical letters, a different alphabet for each
𝐞𝓿𝖆𝚕("print('PWNED')")
