def run(*arguments):
    return arguments
