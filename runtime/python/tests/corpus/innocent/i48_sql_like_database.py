# innocent: methods named execute, compile, query and eval of own classes
import dataclasses
import operator
import re
from typing import Any, Callable, Iterable

Row = dict[str, Any]
OPS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "in": lambda a, b: a in b,
}


@dataclasses.dataclass
class Statement:
    columns: list[str]
    table: str
    where: tuple[str, str, Any] | None = None

    PATTERN = re.compile(r"select (?P<columns>.+?) from (?P<table>\w+)(?: where (\w+) (=|<=?|>=?) (\S+))?$", re.I)

    @classmethod
    def compile(cls, text: str) -> "Statement":
        match = cls.PATTERN.match(text.strip())
        if match is None:
            raise SyntaxError(text)
        where = None
        if match[3]:
            value = match[5]
            where = match[3], match[4], int(value) if value.isdigit() else value.strip("'")
        return cls([c.strip() for c in match["columns"].split(",")], match["table"], where)

    def eval(self, rows: Iterable[Row]) -> Iterable[Row]:
        for row in rows:
            if self.where is None or OPS[self.where[1]](row[self.where[0]], self.where[2]):
                yield row if self.columns == ["*"] else {c: row[c] for c in self.columns}


class Database:
    def __init__(self):
        self.tables: dict[str, list[Row]] = {}

    def load(self, name, rows):
        self.tables[name] = list(rows)
        return self

    def execute(self, text: str) -> list[Row]:
        statement = Statement.compile(text)
        return list(statement.eval(self.tables[statement.table]))

    query = execute

    def __getitem__(self, text):
        return self.execute(text)


db = Database().load("people", [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 17}])
print(db.query("select name from people where age > 18"), db["select * from people where name = 'Bob'"])
compiled = Statement.compile("SELECT age FROM people")
print([*compiled.eval(db.tables["people"])], compiled.where)
