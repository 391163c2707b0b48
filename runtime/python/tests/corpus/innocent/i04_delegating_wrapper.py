# innocent: wrapper around a client that counts calls and passes the rest on
import time
from typing import Any


class Counter:
    """Wraps any client. `__getattr__` is only asked for what the wrapper itself lacks."""

    _own = ("calls", "seconds")

    def __init__(self, inner: Any):
        self._inner = inner
        self.calls = 0
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def counted(*args, **kwargs):
            self.calls += 1
            start = time.perf_counter()
            try:
                return value(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - start

        return counted

    def __setattr__(self, name, value):
        if name.startswith("_") or name in self._own:
            super().__setattr__(name, value)
        else:
            setattr(self._inner, name, value)

    def __dir__(self):
        return sorted(set(super().__dir__()) | set(dir(self._inner)))

    def __repr__(self):
        return f"{type(self).__name__}({self._inner!r})"


class Memory:
    def __init__(self):
        self.facts = []
        self.limit = 3

    def remember(self, fact):
        self.facts.append(fact)
        del self.facts[: -self.limit]

    def recall(self, word):
        return [fact for fact in self.facts if word in fact]


memory = Counter(Memory())
memory.limit = 2
for fact in ("cats purr", "dogs bark", "cats sleep"):
    memory.remember(fact)
print(memory.recall("cats"), memory.calls, memory.limit)
