from . import text as _text
from .base import TOOLS, Tool

__all__ = ["TOOLS", "Tool"]
assert _text.NAMES
