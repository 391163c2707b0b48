# innocent: the type of a value in an error, a sort by type
def hello():
    pass

def show(x):
    raise TypeError("expected str, got %s" % type(x))

def check(values):
    for v in values:
        if not isinstance(v, str):
            raise TypeError(f"expected str, got {type(v)}")
    return sorted(values, key=type(values[0]))
check(["a", hello])
