from ..tools.base import TOOLS, tool


@tool
def upper(text):
    return text.upper()


@tool
def length(text):
    return str(len(text))


NAMES = sorted(TOOLS)
