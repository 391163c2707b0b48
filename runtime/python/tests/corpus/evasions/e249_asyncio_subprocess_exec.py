# expect: py.process
# tries: asyncio starts a program
import asyncio


async def main():
    process = await asyncio.create_subprocess_exec("echo", "PWNED")
    await process.wait()


asyncio.run(main())
