# expect: py.process
# tries: cast() returns its argument
import os
from typing import Any, cast

cast(Any, os).system("echo PWNED")
