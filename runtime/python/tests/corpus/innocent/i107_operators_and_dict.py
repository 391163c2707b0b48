# innocent: own operators, __dict__ of own objects
import copy
import json
import os
import sys


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __eq__(self, other):
        return isinstance(other, Vector) and self.__dict__ == other.__dict__

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"

    def to_json(self):
        return json.dumps(self, default=lambda o: o.__dict__, sort_keys=True)


class Config(dict):
    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self[name] = value


config = Config(json.loads('{"root": "/tmp"}'))
config.path = os.path.join(config.root, "x")
clone = copy.deepcopy(Vector(1, 2))
clone.__dict__.update({"x": 3})
print(clone + Vector(1, 1), clone == Vector(3, 2), clone.to_json(), config.path, file=sys.stderr)
