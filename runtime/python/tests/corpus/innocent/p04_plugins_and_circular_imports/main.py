# innocent: plugins that register themselves, modules that import each other
import shapes
from shapes import circle, square


def main():
    for name, cls in sorted(shapes.REGISTRY.items()):
        print(name, round(cls(2).area(), 2))
    assert circle.Circle(1).as_square().area() == square.Square(2).area()


if __name__ == "__main__":
    main()
