# expect: py.process
# tries: the event loop's own method starts a program
import asyncio


class Protocol(asyncio.BaseProtocol):
    def pipe_data_received(self, fd, data):
        print(data)

    def pipe_connection_lost(self, fd, error):
        pass

    def process_exited(self):
        pass


async def main():
    loop = asyncio.get_running_loop()
    await loop._make_subprocess_transport(Protocol(), "echo PWNED", True, None, None, None, 0)
    await asyncio.sleep(0.5)


asyncio.run(main())
