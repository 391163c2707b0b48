# innocent: a state machine with an enum and explicit transitions
import enum
import logging
from typing import Callable, Mapping

log = logging.getLogger("machine")


class State(enum.Enum):
    IDLE = enum.auto()
    RUNNING = enum.auto()
    DONE = enum.auto()
    FAILED = enum.auto()

    def __str__(self):
        return self.name.lower()


class Signal(enum.Flag):
    START = enum.auto()
    STOP = enum.auto()
    KILL = enum.auto()
    END = STOP | KILL


class Priority(enum.IntEnum):
    LOW = 1
    HIGH = 2


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.IDLE, Signal.START): State.RUNNING,
    (State.RUNNING, Signal.STOP): State.DONE,
    (State.RUNNING, Signal.KILL): State.FAILED,
}


class Machine:
    def __init__(self):
        self.state = State.IDLE
        self.hooks: dict[State, list[Callable[["Machine"], None]]] = {state: [] for state in State}

    def on(self, state: State):
        def register(hook):
            self.hooks[state].append(hook)
            return hook

        return register

    def send(self, signal: Signal) -> State:
        try:
            self.state = TRANSITIONS[self.state, signal]
        except KeyError:
            raise ValueError(f"{signal.name} is not possible while {self.state}") from None
        for hook in self.hooks[self.state]:
            hook(self)
        return self.state

    def kill(self):
        return self.send(Signal.KILL)


machine = Machine()


@machine.on(State.FAILED)
def report(source: Machine) -> None:
    log.warning("machine %s failed", id(source) and source.state)
    print("failed", bool(Signal.KILL & Signal.END), Priority.HIGH > Priority.LOW)


machine.send(Signal.START)
machine.kill()
