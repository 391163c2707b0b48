import sys

from . import metrics


def main(argv=None):
    for text in sys.argv[1:] if argv is None else argv:
        print(f"{metrics.diversity(text):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
