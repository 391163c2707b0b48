# expect: py.code-execution
# tries: the operand of await
import asyncio


async def main():
    await asyncio.sleep(eval("print('PWNED') or 0"))


asyncio.run(main())
