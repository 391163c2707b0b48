def eval(text):
    return text
