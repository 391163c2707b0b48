import pathlib

import work

pathlib.Path(work.__file__).with_name("later.py").write_text("print('PWNED')")
import work.later
