from .constants import EPSILON, WORD


def diversity(text):
    words = WORD.findall(text)
    return len(set(words)) / (len(words) + EPSILON)
