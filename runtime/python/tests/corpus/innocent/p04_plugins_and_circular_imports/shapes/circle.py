import math

from . import Shape
from . import square


class Circle(Shape):
    def area(self):
        return math.pi * self.size**2

    def as_square(self):
        return square.Square(2 * self.size)
