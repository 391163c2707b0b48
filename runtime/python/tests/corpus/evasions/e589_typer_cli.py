# expect: py.code-execution
# tries: typer's command line loads a file as a module
import pathlib

import typer.cli

with open("/tmp/case_typer.py", "w") as file:
    file.write("print('PWNED')")
typer.cli.state.file = pathlib.Path("/tmp/case_typer.py")
typer.cli.state.module = None
typer.cli.get_typer_from_state()
