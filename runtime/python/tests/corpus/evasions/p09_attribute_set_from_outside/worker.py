import state


def go():
    return state.backend.system("echo PWNED")
