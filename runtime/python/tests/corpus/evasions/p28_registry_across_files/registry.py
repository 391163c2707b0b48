BACKENDS = {}


def register(name, value):
    BACKENDS[name] = value
