def run(backend, command):
    return backend.system(command)
