# innocent: plugins that register themselves
from __future__ import annotations

import abc
from typing import ClassVar


class PluginMeta(abc.ABCMeta):
    registry: ClassVar[dict[str, type]] = {}

    def __new__(mcs, name, bases, namespace, **options):
        cls = super().__new__(mcs, name, bases, dict(namespace))
        if bases:
            mcs.registry[options.get("key", name.lower())] = cls
        return cls

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)

    def __call__(cls, *args, **kwargs):
        instance = super().__call__(*args, **kwargs)
        instance.ready = True
        return instance

    def __getitem__(cls, key):
        return cls.registry[key]


class Plugin(metaclass=PluginMeta):
    @abc.abstractmethod
    def apply(self, text: str) -> str: ...


class Upper(Plugin):
    def apply(self, text):
        return text.upper()


class Reverse(Plugin, key="rev"):
    def apply(self, text):
        return text[::-1]


class Shape:
    kinds: dict[str, type[Shape]] = {}

    def __init_subclass__(cls, /, kind: str = "", **kwargs) -> None:
        super().__init_subclass__(**kwargs)
        Shape.kinds[kind or cls.__name__] = cls
        cls.kind = kind


class Circle(Shape, kind="round"):
    """A circle."""


class Field:
    def __set_name__(self, owner, name):
        self.name, self.slot = name, f"_{name}"

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.slot, None)

    def __set__(self, instance, value):
        if value is not None and value < 0:
            raise ValueError(f"{self.name} of {type(instance).__qualname__} must not be negative")
        setattr(instance, self.slot, value)

    def __delete__(self, instance):
        delattr(instance, self.slot)


class Box:
    width = Field()
    height = Field()

    def __init__(self, width, height):
        self.width, self.height = width, height


for key in ("upper", "rev"):
    print(key, Plugin[key]().apply("abc"), Plugin[key]().ready)
box = Box(1, 2)
del box.width
print(Shape.kinds["round"].__doc__, box.width, box.height, Circle.__module__, isinstance(box, object))
