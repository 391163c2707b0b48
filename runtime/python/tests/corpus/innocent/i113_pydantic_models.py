# innocent: models with validators and annotated fields
from __future__ import annotations

from typing import Annotated, Any, Literal, Optional, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator


class Call(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["call"] = "call"
    name: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def known(cls, value: str) -> str:
        if value not in TOOLS:
            raise ValueError(f"unknown tool {value}")
        return value


class Done(BaseModel):
    kind: Literal["done"] = "done"
    answer: Optional[str] = None
    parent: Optional["Done"] = None

    @model_validator(mode="after")
    def check(self) -> "Done":
        return self


Action = Annotated[Union[Call, Done], Field(discriminator="kind")]
TOOLS = {"read": open}
adapter = TypeAdapter(Action)
lists = TypeAdapter(list[int])
try:
    print(adapter.validate_json('{"kind": "done", "answer": "42"}'), lists.validate_python(["1"]))
    print(Call.model_json_schema()["properties"])
except ValidationError as error:
    print(error.errors())
