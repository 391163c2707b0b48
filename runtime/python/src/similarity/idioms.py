# What almost every program says: command lines, files, JSON, logging, the usual loops and guards.
# Statements that occur here weigh next to nothing, in whatever program and under whatever names, so
# that two programs of the same outer shape are not taken for copies of each other. How a statement is
# nested doesn't matter, nor do names of variables and functions, literals and imports' spelling: one
# example is enough for each form. Parsed, never run.
import argparse, json, logging, os, random, re, subprocess, sys, time
from collections import defaultdict, Counter
from pathlib import Path


class Error(Exception):
    pass


class Error(ValueError):
    pass


class Error(RuntimeError):
    pass


class Form(object):
    def __init__(self, first, second=None, *args, third=None, **kwargs):
        super().__init__()
        super().__init__(first)
        super().__init__(first, second)
        self.first = first
        self.first = None
        self.first = 0
        self.first = []
        self.first = {}
        self.first = set()
        self.first = list(first)
        self.first = dict(first)
        self.first = first or []
        self.first = first or {}
        self.first = defaultdict(list)
        self.first = defaultdict(int)
        self.first.append(first)
        self.first[second] = third
        self.first += 1
        return self.first

    def __repr__(self):
        return f"{self.__class__.__name__}({self.first})"

    def __len__(self):
        return len(self.first)

    def __iter__(self):
        return iter(self.first)


def command_line():
    parser = argparse.ArgumentParser()
    parser = argparse.ArgumentParser(description="")
    parser = argparse.ArgumentParser(description=__doc__)
    parser = argparse.ArgumentParser(prog="", description="")
    parser.add_argument("")
    parser.add_argument("", type=int)
    parser.add_argument("", type=str)
    parser.add_argument("", type=float)
    parser.add_argument("", type=Path)
    parser.add_argument("", help="")
    parser.add_argument("", nargs="")
    parser.add_argument("", nargs="", help="")
    parser.add_argument("", default="")
    parser.add_argument("", default=None)
    parser.add_argument("", default="", help="")
    parser.add_argument("", default=None, help="")
    parser.add_argument("", required=True)
    parser.add_argument("", required=True, help="")
    parser.add_argument("", action="")
    parser.add_argument("", action="", help="")
    parser.add_argument("", choices=[""], default="")
    parser.add_argument("", type=int, required=True)
    parser.add_argument("", type=int, default=0)
    parser.add_argument("", type=int, default=None)
    parser.add_argument("", type=int, default=0, help="")
    parser.add_argument("", type=int, required=True, help="")
    parser.add_argument("", type=int, help="")
    parser.add_argument("", type=str, required=True)
    parser.add_argument("", type=str, default="")
    parser.add_argument("", type=str, default=None)
    parser.add_argument("", type=str, default="", help="")
    parser.add_argument("", type=str, required=True, help="")
    parser.add_argument("", type=str, help="")
    parser.add_argument("", type=float, default=0)
    parser.add_argument("", type=float, default=0, help="")
    parser.add_argument("", type=Path, required=True)
    parser.add_argument("", type=Path, default="")
    parser.add_argument("", "")
    parser.add_argument("", "", help="")
    parser.add_argument("", "", default="")
    parser.add_argument("", "", default="", help="")
    parser.add_argument("", "", required=True)
    parser.add_argument("", "", required=True, help="")
    parser.add_argument("", "", action="")
    parser.add_argument("", "", action="", help="")
    parser.add_argument("", "", type=int, default=0)
    parser.add_argument("", "", type=int, default=0, help="")
    subparsers = parser.add_subparsers()
    subparsers = parser.add_subparsers(dest="")
    subparsers = parser.add_subparsers(dest="", required=True)
    subparser = subparsers.add_parser("")
    subparser = subparsers.add_parser("", help="")
    args = parser.parse_args()
    args = parser.parse_args(argv)
    args, rest = parser.parse_known_args()
    return parser.parse_args()
    parser.print_help()
    parser.error("")


def command_line_of(argv=None):
    value = sys.argv[1]
    value = int(sys.argv[1])
    value = sys.argv[1:]
    if len(sys.argv) < 2:
        sys.exit(1)
    if len(sys.argv) != 2:
        sys.exit("")
    argv = sys.argv[1:] if argv is None else argv
    random.seed(args.seed)
    random.seed(seed)
    random.seed(0)
    rng = random.Random(seed)
    rng = random.Random(args.seed)
    return 0


def files(path, mode):
    with open(path) as handle:
        data = json.load(handle)
        return json.load(handle)
        return handle.read()
        text = handle.read()
        lines = handle.readlines()
        for line in handle:
            line = line.strip()
            if not line:
                continue
            data = json.loads(line)
            data.append(json.loads(line))
    with open(path, "w") as handle:
        json.dump(data, handle)
        json.dump(data, handle, indent=2)
        json.dump(data, handle, ensure_ascii=False)
        json.dump(data, handle, ensure_ascii=False, indent=2)
        handle.write(data)
        handle.write("")
        handle.write(json.dumps(data))
        handle.write(json.dumps(data) + "\n")
        handle.write(json.dumps(data, ensure_ascii=False) + "\n")
        handle.write("\n".join(lines))
    with open(path, encoding="utf-8") as handle:
        pass
    with open(path, "r", encoding="utf-8") as handle:
        pass
    with open(args.input) as handle:
        pass
    with open(args.output, "w") as handle:
        pass
    with open(args.input, encoding="utf-8") as handle:
        pass
    with open(args.output, "w", encoding="utf-8") as handle:
        pass
    os.makedirs(path, exist_ok=True)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    path = os.path.join(path, "")
    path = os.path.join(path, mode)
    path = os.path.dirname(os.path.abspath(__file__))
    path = Path(path)
    path = Path(__file__).parent
    path = Path(__file__).resolve().parent
    path.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text()
    text = path.read_text(encoding="utf-8")
    path.write_text(text)
    path.write_text(text, encoding="utf-8")
    if not os.path.exists(path):
        return None
    if not path.exists():
        return None
    value = os.environ.get("")
    value = os.environ.get("", "")
    value = os.environ[""]
    value = int(os.environ.get("", ""))
    data = json.loads(text)
    text = json.dumps(data)
    return json.loads(text)
    return json.dumps(data)


def output(value, data):
    print(json.dumps(value))
    print(json.dumps(value, indent=2))
    print(json.dumps(value, ensure_ascii=False))
    print(json.dumps(data, indent=2, sort_keys=True))
    print(function(value))
    sys.stdout.write(value)
    sys.stdout.write(value + "\n")
    sys.stdout.flush()
    logging.basicConfig()
    logging.basicConfig(level=logging.INFO)
    logging.basicConfig(level=logging.INFO, format="")
    logging.basicConfig(level=logging.DEBUG if args.verbose else logging.INFO)
    logger = logging.getLogger(__name__)
    logger = logging.getLogger("")
    logger.info(value)


def time_and_processes(command):
    start = time.time()
    start = time.monotonic()
    start = time.perf_counter()
    elapsed = time.time() - start
    elapsed = time.monotonic() - start
    elapsed = time.perf_counter() - start
    time.sleep(1)
    time.sleep(start)
    result = subprocess.run(command, capture_output=True, text=True)
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    result = subprocess.run(command, capture_output=True, text=True, timeout=0)
    return result.stdout
    return result.returncode


def shapes(values, function, key, value):
    result = []
    result = {}
    result = set()
    result = ""
    result = 0
    result = None
    result = list(values)
    result = dict(values)
    result = set(values)
    result = len(values)
    result = values[0]
    result = values[-1]
    result = values[key]
    result = function(value)
    result = function(value, key)
    result = function()
    result = function(args.value)
    result = function(values[key])
    result = values.get(key)
    result = values.get(key, 0)
    result = values.get(key, [])
    result = sorted(values)
    result = sum(values)
    result = max(values)
    result = min(values)
    result = str(value)
    result = int(value)
    result = float(value)
    result = key + value
    result = key - value
    result = key * value
    result = value + 1
    result = value - 1
    result = value or key
    result = value.strip()
    result = value.split()
    result = value.split("")
    result = value.lower()
    result = value.attribute
    result = ""
    result += value
    result += 1
    result -= 1
    result += ""
    result[key] = value
    result[key] += 1
    result[key] = []
    result[key] = {}
    result[key] = function(value)
    result[key] = result.get(key, 0) + 1
    result[key].append(value)
    result.append(value)
    result.append("")
    result.append([])
    result.append((key, value))
    result.append(function(value))
    result.append(values[key])
    result.append({"": key, "": value})
    result.append({"": "", "": value})
    result.append({"": value})
    result.append({"": values[0], "": value})
    result.add(value)
    result.extend(values)
    result.extend(function(value))
    result.update(values)
    result.pop()
    result.sort()
    function(value)
    function()
    function(value, key)
    function(value, key, values)
    function(args)
    value.function()
    value.function(key)
    for value in values:
        pass
        continue
        break
    for key, value in values.items():
        pass
    for key, value in values:
        pass
    for index, value in enumerate(values):
        pass
    for index, value in enumerate(values, 1):
        pass
    for index in range(value):
        pass
    for _ in range(value):
        pass
    for index in range(1, value):
        pass
    for index in range(value + 1):
        pass
    for index in range(len(values)):
        pass
    for index in range(args.value):
        pass
    for key, value in zip(values, result):
        pass
    for value in sorted(values):
        pass
    for value in function(key):
        pass
    for value in function():
        pass
    for value in args.value:
        pass
    for value in result[key]:
        pass
    while values:
        value = values.pop()
        value = values.pop(0)
    while True:
        function()
    while key < value:
        function()
    if value is None:
        return None
    if value is not None:
        function()
    if not value:
        return None
    if value:
        return value
    if key in values:
        return values[key]
    if key not in values:
        function()
    if key == value:
        return True
    if key < value:
        return False
    if value == 0:
        return []
    if value < 0:
        return {}
    if 0 < value:
        return ""
    if value == "":
        return 0
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    if len(values) == 0:
        return len(values)
    if len(values) < 2:
        return values[0]
    if function(value):
        return function(value)
    if not function(value):
        return function(value, key)
    if args.verbose:
        return function()
    if args.output:
        return key, value
    if key and value:
        return key == value
    if key or value:
        return key + value
    if not isinstance(value, str):
        raise TypeError("")
    if not isinstance(value, int):
        raise ValueError("")
    try:
        return values[key]
    except ValueError:
        raise ValueError(f"{value}")
    except Exception:
        raise RuntimeError("")
    except Exception as error:
        raise RuntimeError(f"{value}")
    except KeyError:
        raise KeyError(value)
    except OSError:
        raise ValueError(value)
    except (ValueError, TypeError):
        raise NotImplementedError
    except (KeyError, ValueError):
        raise NotImplementedError("")
    except json.JSONDecodeError:
        raise SystemExit(1)
    except KeyboardInterrupt:
        sys.exit(0)
    except subprocess.TimeoutExpired:
        sys.exit("")
    yield value
    yield key, value
    return f"{value}"
    return "".join(values)
    return sorted(values)
    return max(values)
    return sum(values)
    return not value
    return bool(value)
    return [value for value in values]
    return [function(value) for value in values]
    return [value for value in values if value]
    return [value for value in values if function(value)]
    return {key: value for key, value in values.items()}
    return {"": value}
    return {"": key, "": value}
    return {"": "", "": value}
    return sum(values) / len(values)
    result = [function(value) for value in values]
    result = [value for value in values if value]
    result = {"": value}
    result = {"": key, "": value}
    result = [{"": "", "": value}]
    result = f"{value}"
    result = f"{key}{value}"
    result = "".join(values)
    result = "\n".join(values)
    result = re.compile("")
    result = re.sub("", "", value)
    result = re.findall("", value)
    assert value
    assert key == value


def entry(args):
    sys.exit(entry())
    sys.exit(entry(args))
    sys.exit(1)
    raise SystemExit(entry())
    raise SystemExit(1)


if __name__ == "__main__":
    entry()
