# expect: py.process
# tries: asend
import asyncio
import os


async def run():
    tool = yield
    tool.system("echo PWNED")
    yield


async def main():
    generator = run()
    await generator.asend(None)
    await generator.asend(os)


asyncio.run(main())
