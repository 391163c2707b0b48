# expect: py.process
# tries: anyio starts programs
import anyio


async def main():
    process = await anyio.open_process(["echo", "PWNED"])
    print(await process.stdout.receive())


anyio.run(main)
