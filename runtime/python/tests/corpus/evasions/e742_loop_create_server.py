# expect: py.network
# tries: the event loop listens
import asyncio


async def main():
    server = await asyncio.get_event_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    print("PWNED", server)


asyncio.run(main())
