# innocent: settings from a file and the environment, by dataclasses
import dataclasses
import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Optional


@dataclass(frozen=True)
class Settings:
    PREFIX: ClassVar[str] = "AGENT_"

    model: str = "small"
    temperature: float = 0.2
    max_tokens: int = 1024
    stop: list[str] = field(default_factory=lambda: ["</answer>"])
    parent: Optional["Settings"] = None

    def __post_init__(self):
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature must be in 0..2, not {self.temperature}")
        object.__setattr__(self, "model", self.model.lower())

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Settings":
        known = {f.name for f in fields(cls)}
        unknown = data.keys() - known
        if unknown:
            raise KeyError(f"unknown settings: {sorted(unknown)}")
        return cls(**data)

    @classmethod
    def from_env(cls) -> "Settings":
        found = {}
        for f in fields(cls):
            text = os.environ.get(cls.PREFIX + f.name.upper())
            if text is not None and f.type in (int, float, str):
                found[f.name] = f.type(text)
        return cls(**found)

    @classmethod
    def load(cls, path: Path) -> "Settings":
        return cls.from_dict(json.loads(path.read_text()))

    def changed(self) -> dict[str, Any]:
        default = Settings()
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != getattr(default, f.name)}

    def with_(self, **changes) -> "Settings":
        return dataclasses.replace(self, **changes)


if __name__ == "__main__":
    base = Settings.from_env()
    hot = base.with_(temperature=1.5, parent=base)
    print(json.dumps(asdict(hot), indent=1))
    print(hot.changed().keys())
    print(dataclasses.is_dataclass(hot), hot.__class__.__name__, repr(hot)[:20])
