from shapes import Shape

import shapes.circle


class Square(Shape):
    def area(self):
        return self.size**2

    def as_circle(self):
        return shapes.circle.Circle(self.size / 2)
