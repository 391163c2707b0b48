# innocent: steps joined by an operator
from __future__ import annotations

import asyncio
import json
import string
from typing import Any, Awaitable, Callable


class Step:
    def __init__(self, run: Callable[[Any], Any], name: str | None = None):
        self._run, self.name = run, name or getattr(run, "__name__", "step")

    def __or__(self, other: Step | Callable) -> Step:
        after = other if isinstance(other, Step) else Step(other)
        return Step(lambda value: after(self(value)), f"{self.name}|{after.name}")

    def __ror__(self, value: Any) -> Any:
        return self(value)

    def __call__(self, value: Any) -> Any:
        return self._run(value)

    async def acall(self, value: Any) -> Any:
        result = self(value)
        return await result if isinstance(result, Awaitable) else result

    def batch(self, values):
        return [*map(self, values)]


class Template:
    """Fills "{question}" and "$context" in a prompt."""

    def __init__(self, text: str):
        self.text = text
        self.fields = {name for _, name, _, _ in string.Formatter().parse(text) if name}

    def __call__(self, values: dict[str, str]) -> str:
        missing = self.fields - values.keys()
        if missing:
            raise KeyError(f"missing {sorted(missing)}")
        return string.Template(self.text.format(**values)).safe_substitute(context="none")


def fake_model(prompt: str) -> str:
    return json.dumps({"answer": prompt.upper(), "tokens": len(prompt.split())})


@Step
def parse(text):
    return json.loads(text)


chain = Step(Template("Q: {question} ($context)"), "template") | fake_model | parse
print(chain({"question": "who?"})["answer"])
print(chain.name, chain.batch([{"question": c} for c in "ab"])[1]["tokens"], asyncio.run(chain.acall({"question": ""})))
