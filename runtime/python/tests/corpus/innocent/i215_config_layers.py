# innocent: settings from defaults, a file, the environment and arguments
"""Settings from defaults, a file, the environment and arguments."""
import argparse
import configparser
import dataclasses
import json
import os
import pathlib
import tomllib
import typing


@dataclasses.dataclass(frozen=True)
class Settings:
    host: str = "localhost"
    port: int = 80
    debug: bool = False
    tags: tuple = ()

    def replace(self, **changes):
        return dataclasses.replace(self, **changes)

    @classmethod
    def names(cls):
        return [field.name for field in dataclasses.fields(cls)]


def convert(value, kind):
    if kind is bool:
        return str(value).lower() in ("1", "true", "yes")
    if kind is tuple:
        return tuple(str(value).split(","))
    return kind(value)


def from_file(path: pathlib.Path) -> dict[str, typing.Any]:
    if not path.exists():
        return {}
    if path.suffix == ".json":
        return json.loads(path.read_text())
    if path.suffix == ".toml":
        return tomllib.loads(path.read_text())
    parser = configparser.ConfigParser()
    parser.read(path)
    return dict(parser["app"]) if parser.has_section("app") else {}


def from_environment(prefix="APP_"):
    return {name[len(prefix) :].lower(): value for name, value in os.environ.items() if name.startswith(prefix)}


def load(argv=None):
    parser = argparse.ArgumentParser()
    for field in dataclasses.fields(Settings):
        parser.add_argument(f"--{field.name}", default=None)
    given = {k: v for k, v in vars(parser.parse_args(argv)).items() if v is not None}
    settings = Settings()
    for layer in (from_file(pathlib.Path("app.toml")), from_environment(), given):
        known = {name: layer[name] for name in Settings.names() if name in layer}
        kinds = {field.name: type(getattr(settings, field.name)) for field in dataclasses.fields(settings)}
        settings = settings.replace(**{name: convert(value, kinds[name]) for name, value in known.items()})
    os.environ.setdefault("APP_MODE", "test")
    os.environ["APP_READY"] = "1"
    return settings


print(load(["--port", "8080", "--debug", "yes"]), dataclasses.asdict(load([])))
