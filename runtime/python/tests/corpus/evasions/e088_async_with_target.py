# expect: py.process
# tries: an async context manager hands out the module
import asyncio
import os


class Session:
    async def __aenter__(self):
        return os

    async def __aexit__(self, *exc):
        return False


async def main():
    async with Session() as session:
        session.system("echo PWNED")


asyncio.run(main())
