from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from .tools import Tool

log = logging.getLogger(__name__)


class Agent:
    def __init__(self, tools: dict[str, Tool]):
        self.tools = tools

    def run(self, steps: list[str]) -> list[str]:
        return [self.call(*step.split(":", 1)) for step in steps]

    def call(self, name: str, argument: str) -> str:
        tool: Callable | None = self.tools.get(name)
        if tool is None:
            log.info("no tool %s", name)
            return f"no {name}"
        return tool(argument)
