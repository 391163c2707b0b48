# innocent: a matrix with all the operators
import math
from functools import reduce
from typing import Iterable, Iterator, Sequence


class Matrix:
    def __init__(self, rows: Iterable[Iterable[float]]):
        self.rows = tuple(tuple(row) for row in rows)
        if len({len(row) for row in self.rows}) > 1:
            raise ValueError("rows of different lengths")

    @classmethod
    def identity(cls, n: int) -> "Matrix":
        return cls([[float(i == j) for j in range(n)] for i in range(n)])

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.rows[0])

    @property
    def T(self) -> "Matrix":
        return Matrix(zip(*self.rows))

    def __getitem__(self, key: tuple[int, int] | int) -> float | Sequence[float]:
        if isinstance(key, tuple):
            i, j = key
            return self.rows[i][j]
        return self.rows[key]

    def __iter__(self) -> Iterator[tuple[float, ...]]:
        return iter(self.rows)

    def __add__(self, other): return Matrix(map(lambda a, b: [x + y for x, y in zip(a, b)], self, other))
    def __neg__(self): return Matrix([-x for x in row] for row in self)
    def __sub__(self, other): return self + -other
    def __rmul__(self, k): return Matrix([k * x for x in row] for row in self)
    def __abs__(self): return math.sqrt(sum(x * x for row in self for x in row))

    def __matmul__(self, other: "Matrix") -> "Matrix":
        columns = list(zip(*other))
        return Matrix([[math.fsum(a * b for a, b in zip(row, column)) for column in columns] for row in self])

    def __pow__(self, n: int) -> "Matrix":
        return reduce(lambda a, _: a @ self, range(n), Matrix.identity(len(self.rows)))

    def __eq__(self, other) -> bool:
        return isinstance(other, Matrix) and self.rows == other.rows

    def __contains__(self, x):
        return any(x in row for row in self)


m = Matrix([[1, 1], [1, 0]])
print((m ** 10)[0, 1], m.T == m, (2 * m - m).shape, round(abs(m), 3), 1 in m, m[0], Matrix.identity(2) @ m == m)
