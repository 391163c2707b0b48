# innocent: the documented annotation of __exit__
from __future__ import annotations

from types import TracebackType
from typing import Optional, Type


class Session:
    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        return False


with Session():
    print("ok")
