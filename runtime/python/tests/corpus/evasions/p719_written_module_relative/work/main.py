import pathlib

pathlib.Path(__file__).with_name("later.py").write_text("print('PWNED')")
from . import later
