# innocent: a linter that looks for eval and exec in other programs
import ast
import sys
from pathlib import Path

DANGEROUS = {"eval", "exec", "compile", "__import__", "globals"}
DUNDERS = frozenset({"__globals__", "__subclasses__", "__mro__", "__code__"})


class Linter(ast.NodeVisitor):
    """Finds calls such as eval("...") and accesses such as f.__globals__."""

    def __init__(self, name: str):
        self.name = name
        self.found: list[tuple[int, str]] = []

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in DANGEROUS:
            self.found.append((node.lineno, f"call of {node.func.id}()"))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in DUNDERS:
            self.found.append((node.lineno, f"attribute {node.attr}"))
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.split(".")[0] in ("ctypes", "subprocess", "pickle"):
                self.found.append((node.lineno, f"import {alias.name}"))


class Rename(ast.NodeTransformer):
    def visit_Name(self, node):
        return ast.copy_location(ast.Name(id=node.id.lower(), ctx=node.ctx), node)


def lint(path: str, text: str) -> int:
    try:
        tree = ast.parse(text, filename=path)
    except SyntaxError as error:
        print(f"{path}:{error.lineno}: {error.msg}")
        return 1
    linter = Linter(path)
    linter.visit(tree)
    for line, message in sorted(linter.found):
        print(f"{path}:{line}: {message}")
    return len(linter.found)


if __name__ == "__main__":
    print(sum(lint(name, Path(name).read_text()) for name in sys.argv[1:]))
    print(ast.unparse(Rename().visit(ast.parse("A = B + 1"))), ast.literal_eval("{'a': [1, 2.5, None]}"))
    print([type(node).__name__ for node in ast.walk(ast.parse("eval('1')"))])
