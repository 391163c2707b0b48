# innocent: a command line with typer
import sys
from enum import Enum
from pathlib import Path
from typing import Optional

import tomllib
import typer
import yaml
from dotenv import load_dotenv
from tabulate import tabulate
from tqdm import tqdm

app = typer.Typer(add_completion=False, help="Tools for agents.")


class Format(str, Enum):
    yaml = "yaml"
    toml = "toml"


def read(path: Path) -> dict:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    first = yaml.safe_load(text)
    same = yaml.load(text, Loader=yaml.SafeLoader)
    return first if first == same else {}


@app.command()
def show(path: Path = typer.Argument(..., exists=True, readable=True), key: Optional[str] = None):
    """Show a configuration, or one KEY of it."""
    data = read(path)
    if key is not None:
        for part in key.split("."):
            data = data[part]
        typer.echo(data)
        raise typer.Exit()
    print(tabulate(sorted(data.items()), headers=["key", "value"], tablefmt="github"))


@app.command(name="exec")
def execute(steps: int = typer.Option(3, min=1, help="How many steps"), to: Format = Format.yaml):
    load_dotenv()
    done = [{"step": i, "ok": i % 2 == 0} for i in tqdm(range(steps), file=sys.stderr, leave=False)]
    if to is Format.yaml:
        yaml.safe_dump(done, sys.stdout, sort_keys=False)
    typer.secho("finished", fg=typer.colors.GREEN)


@app.callback()
def main(ctx: typer.Context, quiet: bool = False):
    ctx.obj = {"quiet": quiet}


if __name__ == "__main__":
    app()
