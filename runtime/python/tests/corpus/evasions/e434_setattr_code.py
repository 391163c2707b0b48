# expect: py.code-object, py.introspection, py.dynamic-attribute
# tries: __code__ by setattr with a built name
def helper():
    return len("print('PWNED')")


mark = "_" * 2
code = getattr(helper, mark + "code" + mark)
setattr(helper, mark + "code" + mark, code.replace(co_names=("eval",)))
helper()
