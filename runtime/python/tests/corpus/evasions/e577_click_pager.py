# expect: py.process, py.gadget
# tries: click runs the PAGER of the environment
import os
import sys

import click


class Terminal:
    def __init__(self, stream):
        self.stream = stream

    def isatty(self):
        return True

    def write(self, text):
        return self.stream.write(text)

    def flush(self):
        self.stream.flush()


sys.stdin = Terminal(sys.stdin)
sys.stdout = Terminal(sys.stdout)
os.environ["PAGER"] = "echo PWNED #"
click.echo_via_pager("x")
