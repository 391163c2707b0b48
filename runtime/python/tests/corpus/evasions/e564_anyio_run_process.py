# expect: py.process
# tries: anyio starts programs
import anyio

print(anyio.run(anyio.run_process, ["echo", "PWNED"]).stdout)
