# expect: py.network
# tries: open_connection by the module that defines it
import asyncio.streams


async def main():
    try:
        await asyncio.streams.open_connection("127.0.0.1", 9)
    except OSError:
        print("PWNED")


asyncio.run(main())
