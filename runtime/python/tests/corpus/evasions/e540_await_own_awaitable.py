# expect: py.namespace, py.dynamic-attribute
# tries: what awaiting an own object gives
import asyncio
import os


class Ready:
    def __await__(self):
        yield
        return os


async def main():
    module = await Ready()
    module.__dict__["system"]("echo PWNED")


asyncio.run(main())
