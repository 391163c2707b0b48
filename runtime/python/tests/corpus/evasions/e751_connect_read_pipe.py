# expect: py.network, py.process
# tries: sock_connect by a computed name
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    open_it = getattr(loop, "create_" + "connection")
    try:
        await open_it(asyncio.Protocol, "127.0.0.1", 9)
    except OSError:
        print("PWNED")


asyncio.run(main())
