# innocent: nesting as deep as tired people write it
import json


def walk(tree):
    for a in tree:
        if isinstance(a, dict):
            for b in a.values():
                if b:
                    try:
                        with open(b) as file:
                            for line in file:
                                if line.strip():
                                    while line:
                                        if line[0] == "#":
                                            for c in line:
                                                if c.isalpha():
                                                    yield ((c, (c.upper(), (c.lower(), [{c: [c]}]))))
                                        line = line[1:]
                    except (OSError, TypeError):
                        yield None


def outer():
    def middle():
        class Inner:
            def method(self):
                return (lambda x: (lambda y: (lambda z: [w for w in [v for v in [x, y, z]]])(3))(2))(1)

        return Inner().method()

    return middle()


grade = lambda n: "A" if n > 90 else "B" if n > 80 else "C" if n > 70 else "D" if n > 60 else "E" if n > 50 else "F"
text = f"{'-'.join(f'{k}={v!r:>{4 + len(k)}}' for k, v in {'a': 1, 'b': {'c': [2, (3, [4])]}['c'][1][1]}.items())}"
result = json.dumps({"a": [{"b": [{"c": [{"d": [{"e": [outer()]}]}]}]}]}).replace("[", "(").replace("]", ")").upper()
print(list(walk([{"x": "missing.txt"}])), grade(75), text, result.strip().lower().title().swapcase().count("("))
