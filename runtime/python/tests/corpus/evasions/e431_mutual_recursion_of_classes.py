# expect: py.process
# tries: two classes hand the module to each other
import os


class Ping:
    def next(self, depth, value):
        return Pong().next(depth - 1, value) if depth else value


class Pong:
    def next(self, depth, value):
        return Ping().next(depth - 1, value) if depth else value


Ping().next(9, os).system("echo PWNED")
