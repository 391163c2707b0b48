# innocent: generics, protocols, typed dicts, forward references
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import (
    TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, NamedTuple, NewType, Optional, Protocol,
    TypeAlias, TypedDict, TypeVar, Union, cast, overload, runtime_checkable,
)

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T", bound="Comparable")
K = TypeVar("K", covariant=True)
Mode = Literal["eval", "exec", "single"]
TaskId = NewType("TaskId", int)
Json: TypeAlias = "Union[None, bool, int, float, str, list[Json], dict[str, Json]]"
LIMIT: Final = 10


@runtime_checkable
class Comparable(Protocol):
    def __lt__(self, other: Any) -> bool: ...


class Message(TypedDict, total=False):
    role: Literal["system", "user"]
    content: str
    name: Optional[str]


class Point(NamedTuple):
    x: float
    y: float = 0.0

    def scaled(self, by: float) -> "Point":
        return Point(self.x * by, self.y * by)


class Heap(Generic[T]):
    items: list[T]

    def __init__(self, items: Iterable[T] = ()) -> None:
        self.items = sorted(items)

    def push(self, item: T) -> Heap[T]:
        self.items.append(item)
        self.items.sort()
        return self

    def peek(self) -> T | None:
        return self.items[0] if self.items else None

    def __class_getitem__(cls, item: Any) -> Any:
        return super().__class_getitem__(item)


@overload
def first(values: Mapping[str, int]) -> str: ...
@overload
def first(values: list[int]) -> int: ...
def first(values):
    return next(iter(values))


def price(amount: "Decimal", mode: Mode = "eval", note: Annotated[str, "exec(...)"] = "") -> "dict[str, Any]":
    node: Node[int] = cast("Node[int]", None)
    return {"amount": amount, "mode": mode, "note": note, "node": node}


class Node(Generic[K]):
    left: Node[K] | None = None


message: Message = {"role": "user", "content": "compile() me"}
print(Heap[int]([3, 1]).push(0).peek(), first([7]), first({"a": 1}), Point(1, 2).scaled(3), TaskId(4))
print(isinstance(3, Comparable), message.get("name"), price(1)["mode"], Point.__annotations__.keys(), LIMIT)
