def eval(text):
    return len(text)


def run(text):
    return eval(text)
