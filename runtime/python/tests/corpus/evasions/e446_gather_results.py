# expect: py.process, py.dynamic-attribute, py.namespace
# tries: asyncio.gather carries the module
import asyncio
import os


async def load():
    return os


async def main():
    (backend,) = await asyncio.gather(load())
    backend.system("echo PWNED")


asyncio.run(main())
