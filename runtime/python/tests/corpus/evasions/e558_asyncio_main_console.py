# expect: py.code-execution, py.import
# tries: asyncio.__main__ has an interpreter
import asyncio.__main__ as main


class Loop:
    def call_soon_threadsafe(self, callback):
        callback()


main.loop = Loop()
main.AsyncIOInteractiveConsole({}, main.loop).push("print('PWNED')")
