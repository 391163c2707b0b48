# innocent: directories beside the program on the search path, in the ways people write it
"""Directories beside the program on the search path, in the ways people write it."""
import os
import sys
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, HERE)
sys.path.append(os.path.join(HERE, "lib"))
sys.path.insert(0, str(ROOT / "src"))
sys.path.append(f"{HERE}/vendor")
sys.path.append(HERE + "/extra")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), os.pardir)))
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, Path(__file__).parents[1].as_posix())
for folder in (HERE, str(ROOT)):
    if folder not in sys.path:
        sys.path.append(folder)
sys.path = [HERE] + sys.path
sys.path[:0] = [str(ROOT.joinpath("more"))]
sys.path += [HERE]
sys.path.extend([HERE, str(ROOT)])
print(len(sys.path), list(sys.path), os.pathsep.join(sys.path))
print("\n".join(sys.path))


def add(path=HERE):
    sys.path.insert(0, path)


add()
add(os.path.join(HERE, "tools"))
