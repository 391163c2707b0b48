# innocent: a small text adventure
import random
import shlex
import textwrap


class Room:
    def __init__(self, name, text, things=()):
        self.name, self.text, self.things, self.doors = name, text, set(things), {}

    def connect(self, way, other, back):
        self.doors[way] = other
        other.doors[back] = self


class Game:
    def __init__(self, seed=0):
        self.random = random.Random(seed)
        cave = Room("cave", "It is dark. Something drips.", ["lamp", "rope"])
        hall = Room("hall", "Echoes everywhere. A sign says: __import__('adventure').")
        cave.connect("north", hall, "south")
        self.here, self.bag, self.over = cave, set(), False

    def do_go(self, way="?"):
        """go WAY"""
        if way not in self.here.doors:
            return "There is a wall."
        self.here = self.here.doors[way]
        return self.do_look()

    def do_look(self):
        """look around"""
        lines = textwrap.wrap(self.here.text, 40) + [f"Doors: {', '.join(self.here.doors)}."]
        if self.here.things:
            lines.append(f"You see {' and '.join(sorted(self.here.things))}.")
        return "\n".join(lines)

    def do_take(self, *words):
        """take THING"""
        thing = " ".join(words)
        if thing not in self.here.things:
            return f"No {thing or 'thing'} here."
        self.here.things.remove(thing)
        self.bag.add(thing)
        return self.random.choice(["Taken.", "Got it."])

    def do_exec(self, *words):
        """exec ORDER (the king may)"""
        return "You are not the king."

    def do_help(self):
        names = sorted(name for name in dir(self) if name.startswith("do_"))
        return "\n".join(filter(None, (getattr(self, name).__doc__ for name in names)))

    def do_quit(self):
        self.over = True
        return "Bye."

    def play(self, lines):
        for line in lines:
            verb, *words = shlex.split(line) or ["look"]
            action = getattr(self, "do_" + verb, None)
            try:
                print(action(*words) if action else f"You can't {verb}.")
            except TypeError:
                print("Say that differently.")
            if self.over:
                break


if __name__ == "__main__":
    Game().play(["look", "take lamp", "go north", "dance", "exec everyone", "help", "quit"])
