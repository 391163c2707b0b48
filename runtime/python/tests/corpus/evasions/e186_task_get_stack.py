# expect: py.introspection, py.gadget
# tries: a task lists its frames
import asyncio


async def main():
    asyncio.current_task().get_stack()[0].f_builtins["eval"]("print('PWNED')")


asyncio.run(main())
