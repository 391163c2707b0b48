# innocent: an agent that asks a model over HTTP, with tools, retries and a log
"""An agent that asks a model over HTTP, with tools, retries and a log."""
from __future__ import annotations

import argparse
import json
import logging
import os
import random
import re
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

log = logging.getLogger("agent")
BASE_URL = os.environ.get("LLM_BASE_URL", "http://localhost:8000/v1")
API_KEY = os.getenv("LLM_API_KEY", "")
WORKDIR = Path.cwd()


class Role(str, Enum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass
class Message:
    role: Role
    content: str
    meta: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        data = asdict(self)
        data["role"] = self.role.value
        return data


def retry(times: int = 3, wait: float = 0.1) -> Callable:
    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def wrapper(*args, **kwargs):
            error: Optional[Exception] = None
            for attempt in range(times):
                try:
                    return function(*args, **kwargs)
                except (urllib.error.URLError, TimeoutError) as caught:
                    error = caught
                    log.warning("attempt %d of %s: %s", attempt, function.__name__, caught)
                    time.sleep(wait * 2**attempt + random.random() * wait)
            raise RuntimeError("no answer") from error

        return wrapper

    return decorate


class Client:
    def __init__(self, url: str, key: str, model: str = "m") -> None:
        self.url, self.key, self.model = url.rstrip("/"), key, model

    @retry(times=2)
    def complete(self, messages: list[Message], **options: Any) -> str:
        body = {"model": self.model, "messages": [m.to_dict() for m in messages], **options}
        request = urllib.request.Request(
            f"{self.url}/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["choices"][0]["message"]["content"]


class ToolBox:
    def __init__(self) -> None:
        self._tools: dict[str, Callable[..., Any]] = {}

    def register(self, name: str | None = None):
        def decorate(function):
            self._tools[name or function.__name__] = function
            return function

        return decorate

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        if name not in self._tools:
            return {"error": f"no tool {name}"}
        try:
            return self._tools[name](**arguments)
        except TypeError as error:
            return {"error": str(error)}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._tools))


tools = ToolBox()


@tools.register()
def read_file(path: str, limit: int = 1000) -> str:
    target = (WORKDIR / path).resolve()
    if not target.is_relative_to(WORKDIR):
        raise ValueError("outside of the folder")
    return target.read_text(errors="replace")[:limit]


@tools.register("write")
def write_file(path: str, text: str) -> int:
    target = WORKDIR / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        return file.write(text)


@tools.register()
def grep(pattern: str, folder: str = ".") -> list[str]:
    found = []
    for path in sorted((WORKDIR / folder).rglob("*.py")):
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{path}:{number}:{line.strip()}")
    return found


def parse_action(text: str) -> tuple[str, dict[str, Any]]:
    match = re.search(r"```json\s*(\{.*?\})\s*```", text, re.S)
    data = json.loads(match.group(1) if match else text)
    return data["tool"], data.get("arguments", {})


def run(client: Client, task: str, steps: int) -> int:
    history = [Message(Role.SYSTEM, "tools: " + ", ".join(tools)), Message(Role.USER, task)]
    for step in range(steps):
        answer = client.complete(history, temperature=0)
        history.append(Message(Role.ASSISTANT, answer))
        if "DONE" in answer:
            log.info("done after %d", step)
            return 0
        name, arguments = parse_action(answer)
        result = tools.call(name, arguments)
        history.append(Message(Role.USER, json.dumps(result, default=str)))
    return 1


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", nargs="?", default="")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING"])
    args = parser.parse_args(argv)
    logging.basicConfig(level=getattr(logging, args.log_level), stream=sys.stderr)
    if not args.task:
        print(sorted(tools))
        return 0
    return run(Client(BASE_URL, API_KEY), args.task, args.steps)


if __name__ == "__main__":
    sys.exit(main())
