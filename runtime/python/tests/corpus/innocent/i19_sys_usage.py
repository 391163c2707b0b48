# innocent: a filter for pipelines
import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
if sys.version_info < (3, 9):
    sys.exit("Python 3.9 or newer is needed")


def lines(stream):
    for number, line in enumerate(stream, 1):
        yield number, line.rstrip("\r\n")


def main() -> int:
    if len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help"):
        print(f"usage: {os.path.basename(sys.argv[0])} < text", file=sys.stderr)
        return 2
    source = sys.stdin if sys.stdin and not sys.stdin.isatty() else io.StringIO("one\ntwo\n")
    longest = 0
    for number, line in lines(source):
        longest = max(longest, len(line))
        sys.stdout.write(f"{number:>4} {line}\n")
    sys.stdout.flush()
    sys.stderr.write(f"longest {longest}, {sys.maxsize.bit_length()} bits, {sys.platform}, {sys.byteorder}\n")
    print(sys.getsizeof([]), sys.getrecursionlimit(), sys.executable is not None, sys.implementation.name)
    return 0


if __name__ == "__main__":
    try:
        sys.setrecursionlimit(5000)
        code = main()
    except KeyboardInterrupt:
        code = 130
    except Exception:
        kind, error, _ = sys.exc_info()
        print(kind.__name__, error, file=sys.stderr)
        code = 1
    sys.exit(code)
