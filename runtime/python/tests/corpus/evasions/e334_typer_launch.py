# expect: py.process, py.gadget
# tries: typer opens things with other programs
import typer

typer.launch("/usr/bin/id", locate=False)
