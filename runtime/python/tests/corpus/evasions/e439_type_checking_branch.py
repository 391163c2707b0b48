# expect: py.process
# tries: the else of `if TYPE_CHECKING`
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import json as backend
else:
    import os as backend

backend.system("echo PWNED")
