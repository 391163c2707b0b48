# innocent: settings of a data class from the environment
import dataclasses
import os
import typing


@dataclasses.dataclass
class Settings:
    model: str = "gpt-4o"
    temperature: float = 0.0
    max_steps: int = 30
    verbose: bool = False

    @classmethod
    def from_environment(cls, prefix: str = "AGENT_") -> "Settings":
        values: typing.Dict[str, typing.Any] = {}
        for field in dataclasses.fields(cls):
            raw = os.environ.get(prefix + field.name.upper())
            if raw is None:
                continue
            kind = type(getattr(cls, field.name))
            values[field.name] = raw.lower() in ("1", "true") if kind is bool else kind(raw)
        return cls(**values)

    def update(self, **changes: typing.Any) -> None:
        for name, value in changes.items():
            if not hasattr(self, name):
                raise AttributeError(name)
            setattr(self, name, value)


settings = Settings.from_environment()
settings.update(model="x")
print(settings)
