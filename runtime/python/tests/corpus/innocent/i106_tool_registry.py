# innocent: tools by decorator, called by name from JSON
from __future__ import annotations

import asyncio
import functools
import json
import logging
import re
import time
from dataclasses import asdict, dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, Generic, List, Optional, TypeVar

logger = logging.getLogger("agent")
T = TypeVar("T")
Tool = Callable[..., Awaitable[str]]


class Status(str, Enum):
    OK = "ok"
    FAILED = "failed"

    @classmethod
    def parse(cls, text: str) -> "Status":
        return cls[text.upper()] if text.upper() in cls.__members__ else cls(text)


@dataclass(frozen=True)
class Step:
    name: str
    arguments: Dict[str, Any] = field(default_factory=dict)
    status: Status = Status.OK
    seconds: float = 0.0

    def as_dict(self) -> Dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


class Registry(Generic[T]):
    def __init__(self) -> None:
        self._tools: Dict[str, Tool] = {}
        self._docs: Dict[str, str] = {}

    def tool(self, name: Optional[str] = None, *, retries: int = 1) -> Callable[[Tool], Tool]:
        def decorate(function: Tool) -> Tool:
            @functools.wraps(function)
            async def wrapper(*args: Any, **kwargs: Any) -> str:
                for attempt in range(retries + 1):
                    try:
                        return await function(*args, **kwargs)
                    except (OSError, ValueError) as error:
                        logger.warning("%s failed: %s: %s", function.__name__, type(error).__name__, error)
                        if attempt == retries:
                            raise
                        await asyncio.sleep(2**attempt)
                raise RuntimeError("unreachable")

            self._tools[name or function.__name__] = wrapper
            self._docs[name or function.__name__] = (function.__doc__ or "").strip()
            return wrapper

        return decorate

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    async def call(self, name: str, arguments: Dict[str, Any]) -> str:
        if name not in self:
            return f"unknown tool {name!r}; known: {', '.join(sorted(self._tools))}"
        started = time.monotonic()
        try:
            return await self[name](**arguments)
        finally:
            logger.info("%s took %.2fs", name, time.monotonic() - started)


registry: Registry[str] = Registry()


@registry.tool()
async def read_file(path: str, limit: int = 10_000) -> str:
    """Reads a file."""
    return Path(path).read_text(errors="replace")[:limit]


@registry.tool("grep", retries=0)
async def search(pattern: str, path: str = ".") -> str:
    """Searches files."""
    expression = re.compile(pattern)
    hits: List[str] = []
    for file in sorted(Path(path).rglob("*.py")):
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if expression.search(line):
                hits.append(f"{file}:{number}: {line.strip()}")
    return "\n".join(hits[:50])


class Agent:
    def __init__(self, registry: Registry, **options: Any) -> None:
        self.registry = registry
        self.history: List[Step] = []
        for key, value in options.items():
            setattr(self, key, value)

    async def run(self, plan: str) -> Dict[str, Any]:
        for raw in json.loads(plan):
            handler = getattr(self, f"on_{raw['tool']}", None)
            result = await self.registry.call(raw["tool"], raw.get("arguments", {}))
            if handler is not None:
                handler(result)
            self.history.append(replace(Step(raw["tool"]), arguments=raw.get("arguments", {})))
        return {"steps": [asdict(step) for step in self.history]}

    def on_grep(self, result: str) -> None:
        logger.debug("%d lines", result.count("\n"))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    print(asyncio.run(Agent(registry, name="a").run('[{"tool": "read_file", "arguments": {"path": "/dev/null"}}]')))
