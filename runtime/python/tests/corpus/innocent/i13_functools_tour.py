# innocent: decorators and helpers from functools
import functools
import operator
from collections.abc import Callable
from functools import cached_property, lru_cache, partial, reduce, singledispatch, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def retry(times: int, errors: tuple[type[Exception], ...] = (Exception,)):
    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            for left in reversed(range(times)):
                try:
                    return function(*args, **kwargs)
                except errors:
                    if not left:
                        raise
            raise RuntimeError(f"{function.__name__} was never called")

        wrapper.attempts = times
        return wrapper

    return decorate


@lru_cache(maxsize=None)
def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@singledispatch
def show(value) -> str:
    return repr(value)


@show.register
def _(value: int) -> str:
    return f"{value:,}"


@show.register(list)
@show.register(tuple)
def _sequence(value) -> str:
    return "; ".join(map(show, value))


@functools.total_ordering
class Version:
    def __init__(self, text: str):
        self.text = text

    @cached_property
    def parts(self) -> tuple[int, ...]:
        return tuple(int(p) for p in self.text.split("."))

    def __eq__(self, other):
        return isinstance(other, Version) and self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts

    def __hash__(self):
        return hash(self.parts)


calls = []


@retry(3, errors=(ZeroDivisionError,))
def flaky(x):
    """Fails twice."""
    calls.append(x)
    return 1 / (len(calls) // 3)


compose = lambda *fs: reduce(lambda f, g: lambda x: g(f(x)), fs)
double = partial(operator.mul, 2)
print(flaky(1), flaky.__name__, flaky.__doc__, flaky.attempts, flaky.__wrapped__(1))
print(fibonacci(50), fibonacci.cache_info().hits, show([1000, "x"]), compose(double, str, len)(123))
print(max(Version("1.10"), Version("1.9")).text, reduce(operator.or_, [1, 2, 4], 0))
