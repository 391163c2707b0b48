# expect: py.process, py.gadget
# tries: rich runs the PAGER of the environment
import os
import sys

from rich.console import Console


class Terminal:
    def __init__(self, stream):
        self.stream = stream

    def isatty(self):
        return True

    def fileno(self):
        return self.stream.fileno()

    def write(self, text):
        return self.stream.write(text)

    def flush(self):
        self.stream.flush()


console = Console()
sys.stdin = Terminal(sys.stdin)
sys.stdout = Terminal(sys.stdout)
os.environ["MANPAGER"] = "echo PWNED #"
with console.pager():
    console.print("x")
