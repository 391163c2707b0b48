# expect: py.process, py.import, py.namespace, py.gadget
# tries: asyncio through a client library
import aiohttp

aiohttp.client.asyncio.base_events.subprocess.run(["echo", "PWNED"])
