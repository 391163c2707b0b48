# innocent: a command line with click and rich
import json
import os
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

console = Console()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), default="agent.json", show_default=True)
@click.option("-v", "--verbose", count=True)
@click.version_option("1.0")
@click.pass_context
def cli(context: click.Context, config: Path, verbose: int) -> None:
    """Run and compare agents."""
    context.ensure_object(dict)
    context.obj["config"] = json.loads(config.read_text()) if config.exists() else {}
    context.obj["verbose"] = verbose


@cli.command("eval")
@click.argument("tasks", nargs=-1, required=True)
@click.option("--seed", default=0, type=click.IntRange(min=0))
@click.pass_obj
def eval_(obj: dict, tasks: tuple[str, ...], seed: int) -> None:
    """Evaluate TASKS one after the other."""
    table = Table("task", "score", title=f"seed {seed}")
    for task in track(tasks, description="evaluating"):
        table.add_row(task, str(len(task) / 10))
    console.print(table)
    if obj["verbose"]:
        console.log(os.environ.get("AGENT_HOME", "no home"), style="dim")


@cli.command()
@click.confirmation_option(prompt="Remove all results?")
@click.option("--format", "style", type=click.Choice(["json", "text"]), default="text")
def clean(style: str) -> None:
    for path in Path("results").glob("*.json"):
        path.unlink()
        click.secho(f"removed {path}", fg="yellow", err=True)
    click.echo({"json": "{}", "text": "done"}[style])


if __name__ == "__main__":
    cli(obj={})
