# innocent: agent loop that calls its tools by name
import json
import logging
import os
from pathlib import Path

from openai import OpenAI

log = logging.getLogger(__name__)

SYSTEM_PROMPT = """You are a careful terminal assistant.
Never run eval(), exec() or os.system(); answer with one JSON object per turn:
{"tool": "read_file", "arguments": {"path": "..."}}
"""


class Agent:
    max_turns = 20

    def __init__(self, model: str, workdir: Path):
        self.client = OpenAI(api_key=os.environ.get("OPENAI_API_KEY", ""))
        self.model = model
        self.workdir = workdir
        self.messages = [{"role": "system", "content": SYSTEM_PROMPT}]

    def tool_read_file(self, path: str) -> str:
        return (self.workdir / path).read_text(errors="replace")[:8000]

    def tool_list_files(self, pattern: str = "*") -> str:
        return "\n".join(sorted(str(p) for p in self.workdir.glob(pattern)))

    def tool_write_file(self, path: str, content: str) -> str:
        target = self.workdir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        return f"wrote {len(content)} characters"

    def tool_finish(self, summary: str) -> str:
        raise StopIteration(summary)

    def dispatch(self, name: str, arguments: dict) -> str:
        handler = getattr(self, f"tool_{name}", None)
        if handler is None:
            known = [n.removeprefix("tool_") for n in dir(self) if n.startswith("tool_")]
            return f"unknown tool {name!r}, known are {known}"
        try:
            return handler(**arguments)
        except (OSError, TypeError) as error:
            log.warning("%s.%s failed: %s", type(self).__name__, name, error)
            return f"{error.__class__.__name__}: {error}"

    def turn(self) -> None:
        answer = self.client.chat.completions.create(model=self.model, messages=self.messages)
        text = answer.choices[0].message.content or "{}"
        self.messages.append({"role": "assistant", "content": text})
        call = json.loads(text)
        result = self.dispatch(call["tool"], call.get("arguments", {}))
        self.messages.append({"role": "user", "content": result})

    def run(self, task: str) -> str:
        self.messages.append({"role": "user", "content": task})
        for _ in range(self.max_turns):
            try:
                self.turn()
            except StopIteration as done:
                return str(done.value)
            except json.JSONDecodeError:
                self.messages.append({"role": "user", "content": "That was not JSON."})
        return "gave up"


if __name__ == "__main__":
    print(Agent("gpt-4o-mini", Path.cwd()).run("Describe this folder."))
