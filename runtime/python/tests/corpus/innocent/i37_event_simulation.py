# innocent: queue of a bakery, event by event
import heapq
import random
import statistics
from dataclasses import dataclass, field
from itertools import count
from typing import Callable, Iterator

order = count()


@dataclass(order=True)
class Event:
    at: float
    tie: int = field(default_factory=lambda: next(order))
    action: Callable[[], None] = field(compare=False, default=lambda: None)


class Simulation:
    def __init__(self, servers: int, seed: int = 1):
        self.now = 0.0
        self.events: list[Event] = []
        self.free, self.waiting, self.waits = servers, [], []
        self.rng = random.Random(seed)

    def after(self, delay: float, action: Callable[[], None]) -> None:
        heapq.heappush(self.events, Event(self.now + delay, action=action))

    def arrive(self) -> None:
        self.waiting.append(self.now)
        self.after(self.rng.expovariate(1.0), self.arrive)
        self.serve()

    def serve(self) -> None:
        while self.free and self.waiting:
            self.free -= 1
            self.waits.append(self.now - self.waiting.pop(0))
            self.after(self.rng.uniform(0.5, 2.5), self.leave)

    def leave(self) -> None:
        self.free += 1
        self.serve()

    def run(self, until: float) -> Iterator[float]:
        self.after(0, self.arrive)
        while self.events and self.now < until:
            event = heapq.heappop(self.events)
            self.now = event.at
            event.action()
            yield self.now


simulation = Simulation(servers=2)
steps = sum(1 for _ in simulation.run(200))
print(steps, round(statistics.fmean(simulation.waits), 3), round(statistics.median(simulation.waits), 3))
