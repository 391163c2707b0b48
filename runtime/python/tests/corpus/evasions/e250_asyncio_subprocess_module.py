# expect: py.process, py.import
# tries: asyncio's submodule by attribute
import asyncio


async def main():
    process = await asyncio.subprocess.create_subprocess_shell("echo PWNED")
    await process.wait()


asyncio.run(main())
