def system(command):
    return len(command)
