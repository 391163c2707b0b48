# innocent: writes results and code into the working folder, and imports plain modules
"""Writes results and code into the working folder, and imports plain modules."""
import csv
import json
import random
from pathlib import Path

OUT = Path(__file__).parent / "out"


def save(rows, name):
    OUT.mkdir(exist_ok=True)
    (OUT / "report.json").write_text(json.dumps(rows))
    (OUT / f"{name}.py").write_text("print('generated')\n")
    with open(OUT / "solution.py", "w") as file:
        file.write("def solve():\n    return 1\n")
    with open(OUT / "rows.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_file(path, content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path.exists()


def test_names():
    return ["test_agent.py", "main.py", "setup.py"]


save([[random.random()]], "a")
print(Path("main.py").exists(), write_file("x/y.py", "x = 1"), test_names())
