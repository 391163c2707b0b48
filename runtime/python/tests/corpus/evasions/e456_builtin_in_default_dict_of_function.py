# expect: py.code-execution
# tries: a keyword dict with a builtin as its default
def run(text, table={"calc": eval}):
    return table["calc"](text)


run("print('PWNED')")
