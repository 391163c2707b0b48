# innocent: models with validators and settings
from __future__ import annotations

import json
from datetime import datetime, timezone
from enum import Enum
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator


class Kind(str, Enum):
    shell = "shell"
    python = "python"


class ReadFile(BaseModel):
    tool: Literal["read_file"]
    path: str


class Evaluate(BaseModel):
    tool: Literal["eval"]
    expression: Annotated[str, Field(max_length=200)]


Call = Annotated[Union[ReadFile, Evaluate], Field(discriminator="tool")]


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: int = Field(ge=0)
    kind: Kind = Kind.shell
    calls: list[Call] = []
    parent: "Step | None" = None
    created: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))
    extra: dict[str, Any] = Field(default_factory=dict, alias="metadata")

    @field_validator("calls", mode="before")
    @classmethod
    def one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def parent_is_older(self) -> "Step":
        if self.parent and self.parent.id >= self.id:
            raise ValueError(f"{self.__class__.__name__} {self.id} is not after its parent")
        return self


def main() -> None:
    steps = TypeAdapter(list[Step])
    text = json.dumps([{"id": 1, "calls": {"tool": "eval", "expression": "1 + 1"}}])
    try:
        for step in steps.validate_json(text):
            print(step.model_dump_json(exclude={"created"}), step.model_fields_set)
    except ValidationError as error:
        print(error.error_count(), error.errors()[0]["loc"])
    print(json.dumps(Step.model_json_schema())[:80])


if __name__ == "__main__":
    main()
