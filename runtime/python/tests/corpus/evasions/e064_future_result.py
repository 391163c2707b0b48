# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a future carries the module
import asyncio
import os


async def main():
    future = asyncio.get_running_loop().create_future()
    future.set_result(os)
    (await future).system("echo PWNED")


asyncio.run(main())
