# expect: py.process, py.gadget
# tries: click starts an editor by a shell
import click

click.edit("text", editor="echo PWNED;")
