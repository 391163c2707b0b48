import subprocess

subprocess.run(["echo", "PWNED"])
