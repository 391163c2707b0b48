# innocent: prompts, messages and docstrings full of dangerous words
"""Explains why `__builtins__`, `().__class__.__mro__` and `os.system("rm -rf /")` are refused.

>>> eval("1 + 1")
2
"""
import re
import textwrap

# eval(input()), exec(open("x").read()), __import__("os").system("id")
PROMPT = textwrap.dedent(
    """
    You review Python. Report every use of:
      - eval(), exec(), compile(), globals(), locals()
      - subprocess.run(..., shell=True), os.popen(), ctypes.CDLL(None)
      - pickle.loads(data), marshal.loads(data)
      - getattr(obj, "__globals__"), sys.modules["os"], sys._getframe(0)
    Example: "{0.__class__.__mro__}".format(x)
    """
)
PATTERNS = [
    re.compile(r"\beval\s*\("),
    re.compile(r"\bexec\s*\("),
    re.compile(r"__(?:globals|builtins|subclasses|import)__"),
    re.compile(r"import\s+(?:ctypes|subprocess|pickle)"),
]
REASONS = {
    "eval": "eval() runs text",
    "__import__": "__import__() hides what is imported",
    "os.system": "os.system() starts a shell",
    "subprocess": b"subprocess.Popen",
}


def review(source: str) -> list[str]:
    """Return what `source` does that it should not, such as exec("x = 1")."""
    return [pattern.pattern for pattern in PATTERNS if pattern.search(source)]


if __name__ == "__main__":
    for line in ("eval ('1')", "print(evaluate)", "import  pickle"):
        print(f"{line!r}: {review(line) or 'fine'}; see globals() and vars()")
    print("exec" in REASONS, REASONS["eval"], "%s(%r)" % ("eval", "x"), "__code__".strip("_"))
    print(PROMPT.count("()"), __doc__.splitlines()[0])
