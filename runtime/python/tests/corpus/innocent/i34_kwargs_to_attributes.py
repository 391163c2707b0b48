# innocent: attributes from keyword arguments, and back
class Config:
    model = "small"
    temperature = 0.0
    tools = ()

    def __init__(self, **kwargs):
        for k, v in kwargs.items():
            if not hasattr(type(self), k):
                raise TypeError(f"{type(self).__name__} has no setting {k!r}")
            setattr(self, k, v)

    def to_dict(self):
        return dict(vars(self))

    def update(self, other):
        self.__dict__.update(other)
        return self

    def __eq__(self, other):
        return self.__class__ is other.__class__ and self.__dict__ == other.__dict__


class Lenient(Config):
    def __init__(self, *args, **kwargs):
        names = [name for name in vars(Config) if not name.startswith("_") and not callable(getattr(Config, name))]
        super().__init__(**dict(zip(names, args)), **kwargs)


def merge(first, *rest, **extra):
    result = {**first.to_dict()}
    for config in rest:
        result |= config.to_dict()
    return type(first)(**result, **extra)


a = Lenient("big", 0.5)
b = Config(temperature=1.0).update({"model": "tiny"})
print(a.to_dict(), merge(a, b, tools=("read",)).to_dict(), a == b)
try:
    Config(modle="x")
except TypeError as error:
    print(error)
