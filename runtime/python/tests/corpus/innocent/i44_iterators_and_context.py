# innocent: iterators, generators and context managers of all kinds
import contextlib
import io
import sys
import time
import weakref
from contextlib import ExitStack, closing, contextmanager, nullcontext, redirect_stdout, suppress


class Countdown:
    def __init__(self, start):
        self.left = start

    def __iter__(self):
        return self

    def __next__(self):
        if self.left <= 0:
            raise StopIteration
        self.left -= 1
        return self.left

    def __reversed__(self):
        yield from range(self.left)

    def __length_hint__(self):
        return self.left


class Timer(contextlib.ContextDecorator):
    def __enter__(self):
        self.start = time.perf_counter()
        return self

    def __exit__(self, exc_type, exc, tb):
        self.seconds = time.perf_counter() - self.start
        return exc_type is ValueError


@contextmanager
def changed(target, **changes):
    old = {name: getattr(target, name) for name in changes}
    for name, value in changes.items():
        setattr(target, name, value)
    try:
        yield target
    finally:
        for name, value in old.items():
            setattr(target, name, value)


def averager():
    total, n, mean = 0.0, 0, None
    while True:
        value = yield mean
        total, n = total + value, n + 1
        mean = total / n


@Timer()
def work():
    raise ValueError("swallowed")


class Options:
    width, depth = 80, 2


mean = averager()
next(mean)
print(mean.send(1), mean.send(2), list(Countdown(3)), list(reversed(Countdown(2))), work())
mean.close()
with changed(Options, width=10) as o, suppress(KeyError), nullcontext("x") as word:
    print(o.width, {}[word])
out = io.StringIO()
with redirect_stdout(out), ExitStack() as stack:
    stack.enter_context(closing(io.BytesIO()))
    stack.callback(print, "callback")
    print("captured", file=sys.stdout)
names = weakref.WeakValueDictionary(options=Options)
print(repr(out.getvalue()), Options.width, names["options"].depth, weakref.ref(Options)() is Options)
