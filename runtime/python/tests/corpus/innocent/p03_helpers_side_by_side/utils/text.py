import textwrap


def shorten(text, width):
    return textwrap.shorten(text, width, placeholder="…")
