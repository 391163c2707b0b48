from .base import backend as tools


def go():
    return tools.system("echo PWNED")
