REGISTRY = {}


class Shape:
    def __init__(self, size):
        self.size = size

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        REGISTRY[cls.__name__.lower()] = cls
