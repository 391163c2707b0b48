# innocent: a cache with an order of use and an age
import time
from collections import OrderedDict
from threading import RLock


class Cache:
    __slots__ = ("_items", "_limit", "_age", "_lock", "hits", "__weakref__")

    def __init__(self, limit=128, age=60.0):
        self._items = OrderedDict()
        self._limit, self._age, self._lock = limit, age, RLock()
        self.hits = 0

    def get(self, key, default=None):
        with self._lock:
            try:
                value, born = self._items[key]
            except KeyError:
                return default
            if time.monotonic() - born > self._age:
                del self._items[key]
                return default
            self._items.move_to_end(key)
            self.hits += 1
            return value

    def put(self, key, value):
        with self._lock:
            self._items[key] = value, time.monotonic()
            while len(self._items) > self._limit:
                self._items.popitem(last=False)

    __setitem__ = put

    def __getitem__(self, key):
        if (value := self.get(key, self)) is self:
            raise KeyError(key)
        return value

    def __len__(self):
        return len(self._items)


cache = Cache(2)
for i, word in enumerate("abc"):
    cache[word] = i
print(len(cache), cache.get("a"), cache["c"], cache.hits)
