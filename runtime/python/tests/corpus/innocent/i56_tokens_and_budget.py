# innocent: counting tokens and trimming a conversation
import functools
import keyword
import tokenize
import io
import warnings
from typing import Sequence

import litellm
import tiktoken
from openai import AsyncOpenAI, OpenAI


@functools.lru_cache(maxsize=8)
def encoding(model: str) -> tiktoken.Encoding:
    try:
        return tiktoken.encoding_for_model(model)
    except KeyError:
        warnings.warn(f"no encoding for {model}", stacklevel=2)
        return tiktoken.get_encoding("cl100k_base")


def count(messages: Sequence[dict], model: str) -> int:
    return sum(4 + len(encoding(model).encode(m["content"], disallowed_special=())) for m in messages)


def trim(messages: list[dict], model: str, budget: int) -> list[dict]:
    head, tail = messages[:1], messages[1:]
    while tail and count(head + tail, model) > budget:
        tail.pop(0)
    return head + tail


def identifiers(source: str) -> set[str]:
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            found.add(token.string)
    return found


async def ask(prompt: str, model: str = "gpt-4o-mini") -> str:
    async with AsyncOpenAI() as client:
        stream = await client.chat.completions.create(
            model=model, messages=trim([{"role": "user", "content": prompt}], model, 4000), stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


def ask_any(prompt: str) -> str:
    response = litellm.completion(model="claude-3-haiku", messages=[{"role": "user", "content": prompt}])
    return response["choices"][0]["message"]["content"]


if __name__ == "__main__":
    print(identifiers("def f(x): return eval(x)"), OpenAI(max_retries=2).models.list())
