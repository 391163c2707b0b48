# innocent: the methods that pickling and copying look for, defined and not called
import copy
import functools
import json


@functools.total_ordering
class Point:
    __slots__ = ("x", "y")
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __reduce__(self):
        return type(self), (self.x, self.y)

    def __getstate__(self):
        return {"x": self.x, "y": self.y}

    def __setstate__(self, state):
        for name, value in state.items():
            setattr(self, name, value)

    def __copy__(self):
        return self.__class__(self.x, self.y)

    def __deepcopy__(self, memo):
        return self.__copy__()

    def __eq__(self, other):
        if not isinstance(other, type(self)):
            return NotImplemented
        return (self.x, self.y) == (other.x, other.y)

    def __lt__(self, other):
        return (self.x, self.y) < (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __bool__(self):
        return any(self)

    def __iter__(self):
        yield from (self.x, self.y)

    def __format__(self, spec):
        return "(" + ", ".join(format(v, spec) for v in self) + ")"

    def __repr__(self):
        return f"{self.__class__.__qualname__}({self.x!r}, {self.y!r})"


class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, Point):
            return o.__getstate__()
        if hasattr(o, "__dict__"):
            return o.__dict__
        return super().default(o)


class Label:
    def __init__(self, text, at):
        self.text, self.at = text, at


p, q = Point(1, 2), copy.deepcopy(Point(3, 4))
print(f"{p:.1f}", p < q, {p: 1}[copy.copy(p)], bool(Point(0, 0)), json.dumps(Label("x", q), cls=Encoder))
print(json.dumps([Label("y", None)], default=lambda o: o.__dict__), json.dumps(vars(Label(1, 2))), max(p, q))
