# innocent: plug-ins that register themselves, with abstract bases and class hooks
"""Plug-ins that register themselves, with abstract bases and class hooks."""
import abc
import contextlib
import functools
from collections import defaultdict
from typing import ClassVar, Generic, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


class Plugin(abc.ABC):
    registry: ClassVar[dict[str, type["Plugin"]]] = {}
    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.name:
            Plugin.registry[cls.name] = cls

    @abc.abstractmethod
    def run(self, text: str) -> str: ...

    @classmethod
    def create(cls, name: str, *args, **kwargs) -> "Plugin":
        try:
            return cls.registry[name](*args, **kwargs)
        except KeyError:
            raise ValueError(f"unknown: {name}; known: {sorted(cls.registry)}") from None


class Upper(Plugin):
    name = "upper"

    def run(self, text):
        return text.upper()


class Repeat(Plugin):
    name = "repeat"

    def __init__(self, times=2):
        self.times = times

    def run(self, text):
        return text * self.times


@runtime_checkable
class Runs(Protocol):
    def run(self, text: str) -> str: ...


class Box(Generic[T]):
    def __init__(self, item: T) -> None:
        self._item = item

    @property
    def item(self) -> T:
        return self._item

    @item.setter
    def item(self, value: T) -> None:
        self._item = value

    def __eq__(self, other):
        return isinstance(other, Box) and self._item == other._item

    def __hash__(self):
        return hash(self._item)

    def __repr__(self):
        return f"{type(self).__name__}({self._item!r})"


class Events:
    def __init__(self):
        self._handlers = defaultdict(list)

    def on(self, event):
        def decorate(function):
            self._handlers[event].append(function)
            return function

        return decorate

    def emit(self, event, *args):
        return [handler(*args) for handler in self._handlers[event]]


events = Events()


@events.on("start")
def started(name):
    return f"started {name}"


@contextlib.contextmanager
def timer(label):
    yield label
    print("end", label)


@functools.lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@functools.singledispatch
def show(value):
    return str(value)


@show.register
def _(value: int):
    return f"int {value}"


@show.register(list)
def _(value):
    return ", ".join(map(show, value))


with timer("x") as label:
    print(label, Plugin.create("upper").run("a"), Plugin.create("repeat", times=3).run("b"))
print(isinstance(Upper(), Runs), Box(1) == Box(1), {Box(1)}, events.emit("start", "x"))
print(fibonacci(20), show([1, 2]), functools.partial(pow, 2)(3), [cls.__name__ for cls in Plugin.registry.values()])
