"""Never read: the interpreter has its own posix."""


def system(command):
    return len(command)
