# expect: py.process
# tries: a callback of the loop
import asyncio
import os


async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, os)
    (await future).system("echo PWNED")


asyncio.run(main())
