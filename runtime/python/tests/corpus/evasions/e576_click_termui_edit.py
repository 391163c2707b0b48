# expect: py.process, py.gadget
# tries: click.edit under the module it lives in
import click.termui

click.termui.edit("x", editor="echo PWNED #")
