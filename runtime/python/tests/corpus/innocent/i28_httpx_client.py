# innocent: asynchronous client of a chat service, with streaming
import asyncio
import json
import os
from collections.abc import AsyncIterator

import httpx
import tenacity


class Chat:
    def __init__(self, base_url: str, model: str, timeout: float = 60):
        headers = {"Authorization": f"Bearer {os.getenv('CHAT_KEY', '')}"}
        self.http = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=httpx.Timeout(timeout, connect=5))
        self.model = model
        self.usage = {"prompt": 0, "completion": 0}

    async def __aenter__(self) -> "Chat":
        await self.http.__aenter__()
        return self

    async def __aexit__(self, *error) -> None:
        await self.http.__aexit__(*error)

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(4),
        wait=tenacity.wait_exponential(min=1, max=20),
        retry=tenacity.retry_if_exception_type((httpx.TransportError, httpx.HTTPStatusError)),
        reraise=True,
    )
    async def complete(self, messages: list[dict]) -> str:
        response = await self.http.post("/chat/completions", json={"model": self.model, "messages": messages})
        response.raise_for_status()
        body = response.json()
        for kind in self.usage:
            self.usage[kind] += body.get("usage", {}).get(f"{kind}_tokens", 0)
        return body["choices"][0]["message"]["content"]

    async def stream(self, messages) -> AsyncIterator[str]:
        payload = {"model": self.model, "messages": messages, "stream": True}
        async with self.http.stream("POST", "/chat/completions", json=payload) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: ") and not line.endswith("[DONE]"):
                    yield json.loads(line[6:])["choices"][0]["delta"].get("content", "")


async def main() -> None:
    async with Chat("https://llm.example/v1", "small") as chat:
        answers = await asyncio.gather(*(chat.complete([{"role": "user", "content": q}]) for q in ("a", "b")))
        print(answers, chat.usage)
        async for piece in chat.stream([{"role": "user", "content": "Say hello."}]):
            print(piece, end="", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
