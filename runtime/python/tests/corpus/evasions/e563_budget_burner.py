# expect: py.namespace, py.complexity
# tries: the work runs out in the second pass, in which nothing changes any more
R = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnop"
len([len([len([a + b + c for a in R]) for b in R]) for c in R])
import os


def use():
    if len(R) == 1:
        return input()
    return pick().__dict__["system"]("echo PWNED")


def pick():
    if len(R) == 1:
        return input()
    return os


use()
