# expect: py.import, py.process, py.namespace, py.gadget
# tries: a leaked module imported from a submodule
from asyncio.base_events import subprocess

subprocess.run(["echo", "PWNED"])
