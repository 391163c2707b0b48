import left


def run(command):
    return left.backend.system(command)
