# expect: py.network
# tries: the event loop opens a raw connection
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    try:
        await loop.create_connection(asyncio.Protocol, "127.0.0.1", 9)
    except OSError:
        print("PWNED")


asyncio.run(main())
