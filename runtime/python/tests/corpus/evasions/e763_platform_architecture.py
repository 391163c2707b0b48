# expect: py.process
# tries: platform runs `file` from the search path of programs
import os
import pathlib
import platform

script = pathlib.Path("uname").absolute()
script.write_text("#!/bin/sh\necho PWNED")
script.chmod(0o755)
os.environ["PATH"] = str(script.parent)
print(platform.processor())
