# innocent: comprehensions of all kinds
import re
from itertools import count

TEXT = """\
alpha = 1
# eval = 2
beta = two
gamma=3
"""

pairs = [
    (match["name"], int(match["value"]))
    for line in TEXT.splitlines()
    if (match := re.fullmatch(r"(?P<name>\w+)\s*=\s*(?P<value>\d+)", line)) is not None
]
print(pairs, match and match.group(0))

squares = {n: n**2 for n in range(10) if n % 2 if n > 2}
letters = {c.lower() for word in TEXT.split() for c in word if c.isalpha()}
matrix = [[row * column for column in range(3)] for row in range(3)]
flat = [value for row in matrix for value in row if value]
total = sum(value for value in flat)
first, *middle, last = sorted(letters)
print(squares, first, last, len(middle), total, [*map(list, zip(*matrix))])

numbers = count()
while (n := next(numbers)) < 3:
    print(n, end=" ")
else:
    print("done")

if any((bad := value) > 3 for value in flat):
    print("found", bad)
print((lambda x, /, *, y=(z := 2): x + y + z)(1), max(flat, key=lambda v: -v), "ab" "cd"[::-1], not [] or 1)
