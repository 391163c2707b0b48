import pathlib

pathlib.Path("later.py").write_text("print('PWNED')")

import agent.later
