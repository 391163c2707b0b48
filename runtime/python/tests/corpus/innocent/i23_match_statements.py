# innocent: commands of a text game by structural matching
import enum
import sys
from dataclasses import dataclass


class Direction(enum.Enum):
    NORTH = (0, -1)
    SOUTH = (0, 1)
    EAST = (1, 0)
    WEST = (-1, 0)

    @property
    def opposite(self):
        return Direction((-self.value[0], -self.value[1]))


@dataclass
class Go:
    direction: Direction
    steps: int = 1


@dataclass
class Take:
    thing: str


def parse(line):
    match line.lower().split():
        case ["go", way, *rest] if way.upper() in Direction.__members__:
            return Go(Direction[way.upper()], int(rest[0]) if rest else 1)
        case ["take" | "get", *words] if words:
            return Take(" ".join(words))
        case ["quit" | "exit"]:
            return "quit"
        case []:
            return None
        case [unknown, *_]:
            raise ValueError(f"I don't know how to {unknown}")


def apply(command, state):
    match command:
        case Go(direction=Direction.NORTH | Direction.SOUTH as way, steps=n) if n > 3:
            return state | {"tired": True, "last": way}
        case Go(Direction(value=(dx, dy)), n):
            x, y = state["at"]
            return state | {"at": (x + dx * n, y + dy * n)}
        case Take(thing=str(thing)):
            return state | {"bag": [*state.get("bag", []), thing]}
        case {"undo": old, **others}:
            return old | others
        case None | "quit":
            return state
        case int() | float() as number:
            raise TypeError(number)


match = {"at": (0, 0)}
for case in ("go east 2", "take old lamp", "go north", "", "go south 9", "dance"):
    try:
        match = apply(parse(case), match)
    except ValueError as error:
        print(error, file=sys.stderr)
print(match, Direction.EAST.opposite.name)
