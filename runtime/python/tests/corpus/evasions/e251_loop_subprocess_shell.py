# expect: py.process, py.gadget
# tries: the method of a loop that came as an argument
import asyncio


class Protocol(asyncio.SubprocessProtocol):
    def process_exited(self):
        self.done.set()


async def start(loop):
    Protocol.done = asyncio.Event()
    await loop.subprocess_shell(Protocol, "echo PWNED", stdin=None, stdout=None, stderr=None)
    await Protocol.done.wait()


async def main():
    await start(asyncio.get_running_loop())


asyncio.run(main())
