# innocent: a converter that is the type of a default
def hello():
    pass


class Option:
    def __init__(self, default=None, kind=None):
        self.default = default
        self.kind = kind or type(default)

    def convert(self, value):
        return self.kind(value)


options = [Option(3), Option(hello), Option("x")]
for option in options:
    result = option.convert("4")
    print(result)
