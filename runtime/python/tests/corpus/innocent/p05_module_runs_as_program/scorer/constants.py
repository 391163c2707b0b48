import re

__all__ = ["EPSILON", "WORD"]

EPSILON = 1e-9
WORD = re.compile(r"\w+")
