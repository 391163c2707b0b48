# innocent: tool use with the anthropic client
import json
import os
import platform
import shutil
from pathlib import Path

import anthropic

TOOLS = [
    {
        "name": "list_dir",
        "description": "List a folder. Does not run anything: no exec, no shell.",
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
    {
        "name": "system",
        "description": "Facts about this machine.",
        "input_schema": {"type": "object", "properties": {}},
    },
]


def list_dir(path):
    return sorted(os.listdir(path))


def system():
    return {"system": platform.system(), "python": platform.python_version(), "free": shutil.disk_usage("/").free}


HANDLERS = {"list_dir": list_dir, "system": system}


def answer(client, question, model="claude-3-5-haiku-latest"):
    messages = [{"role": "user", "content": question}]
    while True:
        response = client.messages.create(model=model, max_tokens=1024, tools=TOOLS, messages=messages)
        messages.append({"role": "assistant", "content": response.content})
        if response.stop_reason != "tool_use":
            return "".join(block.text for block in response.content if block.type == "text")
        results = []
        for block in response.content:
            if block.type != "tool_use":
                continue
            try:
                content = json.dumps(HANDLERS[block.name](**block.input))
                failed = False
            except Exception as error:
                content, failed = f"{type(error).__name__}: {error}", True
            results.append({"type": "tool_result", "tool_use_id": block.id, "content": content, "is_error": failed})
        messages.append({"role": "user", "content": results})


if __name__ == "__main__":
    print(answer(anthropic.Anthropic(), f"What is in {Path.home()}?"))
