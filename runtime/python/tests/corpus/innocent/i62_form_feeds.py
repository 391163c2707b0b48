# innocent: form feeds between functions, as some editors and the standard library have them
# -*- coding: utf-8 -*-
"""Roman numerals."""

import sys

PAIRS = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
         (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def to_roman(number):
    """The numeral of a number from 1 to 3999."""
    parts = []
    for value, letters in PAIRS:
        times, number = divmod(number, value)
        parts.append(letters * times)
    return "".join(parts)


def from_roman(text):
    values = [dict((b, a) for a, b in PAIRS)[letter] for letter in text.upper()]
    return sum(-v if v < max(values[i:], default=v) else v for i, v in enumerate(values))


class Roman(int):

    def __str__(self):
        return to_roman(self)

    __repr__ = __str__


if __name__ == "__main__":
    print([Roman(n) for n in (4, 9, 14, 1994)], from_roman("MCMXCIV"), file=sys.stdout)
