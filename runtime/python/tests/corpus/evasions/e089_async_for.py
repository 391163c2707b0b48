# expect: py.process
# tries: an async generator hands out the module
import asyncio
import os


async def backends():
    yield os


async def main():
    [backend.system("echo PWNED") async for backend in backends()]


asyncio.run(main())
