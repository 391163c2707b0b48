def run(text):
    exec(text)


import caller


def exec(text):
    pass
