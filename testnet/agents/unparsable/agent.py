"""Somebody was interrupted while typing."""


def main(:
    print("this never parses"
