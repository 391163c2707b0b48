# expect: py.network
# tries: the loop of a runner
import asyncio

with asyncio.Runner() as runner:
    loop = runner.get_loop()
    try:
        runner.run(loop.create_connection(asyncio.Protocol, "127.0.0.1", 9))
    except OSError:
        print("PWNED")
