# expect: py.network
# tries: a class of the program's own has a method of that name
import asyncio


class Database:
    def create_connection(self):
        return None


async def main():
    loop = asyncio.new_event_loop()
    try:
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", 9)
    except OSError:
        print("PWNED", loop)


asyncio.run(main())
