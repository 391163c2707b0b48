# expect: py.process, py.gadget
# tries: platform runs `file` from the search path
import os
import pathlib
import platform
import sys

script = pathlib.Path("file").absolute()
script.write_text("#!/bin/sh\necho x: 64-bit PWNED")
script.chmod(0o755)
os.environ["PATH"] = str(script.parent)
print(platform._syscmd_file(sys.executable))
