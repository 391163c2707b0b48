# innocent: a store with observers, descriptors, slots and weak references
"""A store with observers, descriptors, slots and weak references."""
import threading
import weakref
from collections import ChainMap, OrderedDict
from contextlib import ExitStack, suppress
from types import MappingProxyType, SimpleNamespace


class Typed:
    def __init__(self, kind, default=None):
        self.kind, self.default = kind, default

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return getattr(instance, self.name, self.default)

    def __set__(self, instance, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name}: {type(value).__name__}")
        setattr(instance, self.name, value)


class Account:
    owner = Typed(str, "")
    balance = Typed(int, 0)

    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance
        self._observers = weakref.WeakSet()
        self._lock = threading.RLock()

    def watch(self, observer):
        self._observers.add(observer)

    def deposit(self, amount):
        with self._lock:
            self.balance += amount
        for observer in list(self._observers):
            observer.notify(self, amount)


class Log:
    __slots__ = ("lines", "__weakref__")

    def __init__(self):
        self.lines = []

    def notify(self, account, amount):
        self.lines.append(f"{account.owner}: {amount:+d}")

    def __len__(self):
        return len(self.lines)

    def __getitem__(self, index):
        return self.lines[index]


class LRU(OrderedDict):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self.size:
            self.popitem(last=False)


account, log, cache = Account("a"), Log(), LRU(2)
account.watch(log)
account.deposit(5)
for key in "abc":
    cache[key] = key * 2
defaults = MappingProxyType({"a": 1})
merged = ChainMap({"b": 2}, dict(defaults))
space = SimpleNamespace(a=merged["a"])
with ExitStack() as stack, suppress(KeyError):
    stack.callback(log.lines.clear)
    print(log[0], len(log), list(cache), space.a, merged["b"])
    del cache["zzz"]
threads = [threading.Thread(target=account.deposit, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(account.balance)
