# expect: py.process, py.gadget, py.import
# tries: dotenv's command line starts programs
from dotenv.cli import run_command

run_command(["echo", "PWNED"], {})
