"""Probe pairs for the similarity test: modules of the standard library and what a plagiarist makes of them.

Prints JSON: the programs, each a list of sources, and the pairs: {"edit", "kind", "first", "second"}.
Deterministic: the same interpreter gives the same pairs.
"""

import ast
import builtins
import copy
import itertools
import json
import pathlib
import random
import sys
import sysconfig
import textwrap

STDLIB = pathlib.Path(sysconfig.get_paths()["stdlib"])
ORIGINALS = [
    "textwrap", "heapq", "bisect", "shlex", "fractions", "statistics", "difflib", "csv", "calendar",
    "configparser", "argparse", "tokenize",
]
OTHERS = [
    "fnmatch", "colorsys", "base64", "queue", "sched", "cmd", "netrc", "uuid", "string", "copy", "glob",
    "quopri", "graphlib", "zipapp", "selectors", "filecmp", "ftplib", "wave", "plistlib", "random",
]


def source(module):
    return (STDLIB / f"{module}.py").read_text(encoding="utf-8")


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def blocks(tree):
    """All lists of statements."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def is_docstring(statement):
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def statements(text):
    return ast.parse(textwrap.dedent(text)).body


class Renamer(ast.NodeTransformer):
    """Renames what the module defines, except dunders and what its names share with the outside."""

    def __init__(self, tree):
        variables, attributes, self.called = set(), set(), set()
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                variables.add(node.name)
                self.called.add(node.name)
            elif isinstance(node, ast.arg):
                variables.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                variables.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                attributes.add(node.attr)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                variables.add(node.name)
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    for target in getattr(part, "targets", [part]):
                        attributes.add(getattr(target, "id", getattr(target, "name", "__none__")))
        kept = set(dir(builtins)) | {"self", "cls"}
        for kind in (str, bytes, list, dict, set, tuple, int, float):
            kept.update(dir(kind))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    kept.add((alias.asname or alias.name).split(".")[0])
        number = {name: f"v{number}_" for number, name in enumerate(sorted(variables | attributes))}
        public = lambda names: {name: number[name] for name in names - kept if not name.startswith("__")}
        self.names, self.attributes = public(variables | attributes), public(attributes)

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        self.generic_visit(node)
        return node

    def visit_Attribute(self, node):
        node.attr = self.attributes.get(node.attr, node.attr)
        self.generic_visit(node)
        return node

    def visit_Call(self, node):
        called = getattr(node.func, "id", getattr(node.func, "attr", None))
        if called in self.called:
            for keyword in node.keywords:
                keyword.arg = self.names.get(keyword.arg, keyword.arg)
        self.generic_visit(node)
        return node

    def visit_ExceptHandler(self, node):
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node

    def visit_Global(self, node):
        node.names = [self.names.get(name, name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global

    def visit_FunctionDef(self, node):
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef


def rename(tree, rng):
    return Renamer(tree).visit(tree)


def reformat(tree, rng):
    return tree


def reorder(tree, rng):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            movable = [at for at, part in enumerate(node.body) if isinstance(part, ast.FunctionDef)]
            shuffled = movable[:]
            rng.shuffle(shuffled)
            parts = [node.body[at] for at in shuffled]
            for at, part in zip(movable, parts):
                node.body[at] = part
    return tree


def drop_docstrings(tree, rng):
    for block in blocks(tree):
        block[:] = [part for part in block if not is_docstring(part)] or [ast.Pass()]
    return tree


def change_literals(tree, rng):
    class Literals(ast.NodeTransformer):
        def visit_JoinedStr(self, node):
            return node

        def visit_Constant(self, node):
            if isinstance(node.value, bool) or node.value is None or node.value is ...:
                return node
            if isinstance(node.value, (int, float)):
                return ast.Constant(type(node.value)(abs(node.value) + 17))
            if isinstance(node.value, str):
                return ast.Constant(node.value + "~")
            if isinstance(node.value, bytes):
                return ast.Constant(node.value + b"~")
            return node

    return Literals().visit(tree)


def insert(tree, rng, texts, every):
    """Inserts one of the statements before every `every`th statement."""
    count = 0
    for block in list(blocks(tree)):
        out = []
        for part in block:
            count += 1
            if count % every == 0 and not is_docstring(part) and not isinstance(part, ast.ImportFrom):
                out.extend(statements(rng.choice(texts).format(count)))
            out.append(part)
        block[:] = out
    return tree


def dead_code(tree, rng):
    texts = [
        "if False:\n    print({0})\n    x{0} = [y for y in range(9)]",
        "if 0:\n    raise ValueError({0})",
        "while 0:\n    z{0} = {0}",
        "if 1 == 2:\n    import socket\n    socket.socket()",
        "pass",
    ]
    tree = insert(tree, rng, texts, 4)
    for function in functions(tree):
        if isinstance(function.body[-1], (ast.Return, ast.Raise)):
            function.body.extend(statements("for q in range(10):\n    print(q)\n    w = q * 2\n    print(w + 1)"))
    return tree


def dummies(tree, rng):
    return insert(tree, rng, ["unused_{0} = {0}", "pad_{0} = 'x' * {0}", "tmp_{0} = [1, 2, {0}]", "pass", "{0}"], 2)


def live_dummies(tree, rng):
    texts = [
        "_ = id(globals())", "_pad.append({0})", "_count(_pad)", "assert len(_pad) >= 0", "_pad[0] = _count(3)",
        "for _ in range(3):\n    _count(_)",
    ]
    tree = insert(tree, rng, texts, 4)
    tree.body.extend(statements("_pad = [0]\ndef _count(x):\n    return _pad.count(x)"))
    return tree


def logging_calls(tree, rng):
    texts = ["log.debug('at {0}')", "print('step', {0})", "log.info('%s', __name__)", "logging.warning(f'{{__name__}}')"]
    tree = insert(tree, rng, texts, 3)
    tree.body[1:1] = statements("import logging\nlog = logging.getLogger(__name__)")
    return tree


def wrap_async(tree, rng):
    body = [part for part in tree.body if not (isinstance(part, ast.ImportFrom) and part.module == "__future__")]
    wrapper = statements("async def everything():\n    pass")[0]
    wrapper.body = [part for part in body if not (isinstance(part, ast.ImportFrom) and part.names[0].name == "*")]
    return ast.Module(body=[wrapper], type_ignores=[])


def wrap_class(tree, rng):
    wrapper = statements("class Everything:\n    pass")[0]
    wrapper.body = [part for part in tree.body if not isinstance(part, ast.ImportFrom) or part.module != "__future__"]
    return ast.Module(body=[wrapper], type_ignores=[])


def make_async(tree, rng):
    class Async(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            self.generic_visit(node)
            return ast.AsyncFunctionDef(**{field: getattr(node, field, None) for field in node._fields})

        def visit_Return(self, node):
            self.generic_visit(node)
            if isinstance(node.value, ast.Call):
                node.value = ast.Await(node.value)
            return node

    return Async().visit(tree)


def is_import(part):
    """Also of what need not be there: `try: import … except ImportError: …`"""
    if isinstance(part, ast.Try):
        return all(is_import(inner) for inner in part.body)
    return isinstance(part, (ast.Import, ast.ImportFrom))


def bound(part):
    """Names that a statement of a module binds."""
    if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield part.name
        return
    if isinstance(part, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in part.names)
    for node in ast.iter_child_nodes(part):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        yield from bound(node)


def halves(tree):
    """The imports, the first and the second half of the rest, and what names the first half gives the second."""
    imports = [part for part in tree.body if is_import(part)]
    rest = [part for part in tree.body if part not in imports]
    middle = len(rest) // 2
    given = {name for part in rest[:middle] for name in bound(part)}
    return imports, rest[:middle], rest[middle:], given


def used(parts):
    return {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}


def module(*parts):
    return ast.Module(body=[part for block in parts for part in block], type_ignores=[])


def from_import(source, names):
    # Star imports leave out names that begin with an underscore.
    return statements(f"from {source} import {', '.join(sorted(names))}") if names else []


def split(tree, rng):
    imports, first, second, given = halves(tree)
    link = from_import(".m0", used(second) & given)
    return [module(imports, first), module(copy.deepcopy(imports), link, second)]


def split_handed_on(tree, rng):
    """The second half has what the first imported, by way of a third module that calls some of it otherwise."""
    imports, first, second, given = halves(tree)
    imported = {name for part in imports for name in bound(part)}
    names = sorted(used(second) & (given | imported))
    other = {name: f"handed_{number}" for number, name in enumerate(names) if name in imported}
    hub = from_import("m0", [f"{name} as {other[name]}" if name in other else name for name in names])
    link = from_import(".m1", [f"{other[name]} as {name}" if name in other else name for name in names])
    return [module(imports, first), module(hub), module(link, second)]


def split_star(tree, rng):
    imports, first, second, given = halves(tree)
    imported = {name for part in imports for name in bound(part)}
    names = statements(f"__all__ = {sorted(given | imported)!r}")
    rest = [part for part in first if not any(name == "__all__" for name in bound(part))]
    return [module(imports, names, rest), module(statements("from .m0 import *")), module(statements("from m1 import *"), second)]


def split_qualified(tree, rng):
    """The second half calls what the first imported `m1.m0.name`."""
    imports, first, second, given = halves(tree)
    nodes = [node for part in second for node in ast.walk(part)]
    own = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    imported = {name for part in imports for name in bound(part)} - own

    class Names(ast.NodeTransformer):
        def visit_Name(self, node):
            return statements(f"m1.m0.{node.id}")[0].value if node.id in imported else node

    link = statements("import m1") + from_import("m0", used(second) & given)
    second = [Names().visit(part) for part in second]
    return [module(imports, first), module(statements("from . import m0")), module(link, second)]


HELPERS = [
    "def helper_{0}(a, b):\n    total = a\n    for item in b:\n        if item.size > total:\n            total = item.size - {0}\n    return total",
    "def helper_{0}(path):\n    with open(path) as handle:\n        lines = handle.readlines()\n    return [line.strip().split(',') for line in lines if line]",
    "class Helper{0}:\n    def __init__(self, limit):\n        self.limit = limit\n        self.seen = set()\n    def visit(self, node):\n        if node in self.seen or len(self.seen) > self.limit:\n            raise KeyError(node)\n        self.seen.add(node)\n        return max(self.seen)",
    "def helper_{0}(x):\n    y = x ** 2 + {0} * x\n    return y if y > 0 else -y",
    "def helper_{0}(words):\n    table = {{}}\n    for word in words:\n        table.setdefault(word[:1], []).append(word)\n    return sorted(table.items(), key=lambda pair: len(pair[1]))",
]


def helpers(tree, rng):
    for number in range(max(3, len(functions(tree)))):
        tree.body.extend(statements(rng.choice(HELPERS).format(number)))
    return tree


def padded(tree, rng):
    """As much of an unrelated module as there is of the original."""
    other = ast.parse(source("ftplib")).body + ast.parse(source("plistlib")).body
    tree.body.extend(other)
    return tree


def half(tree, rng):
    """Every second function or class, in an unrelated module."""
    parts = [part for part in tree.body if isinstance(part, (ast.FunctionDef, ast.ClassDef))]
    if len(parts) < 4:
        parts = [part for node in parts for part in getattr(node, "body", [])]
    chosen = [part for part in parts if not is_docstring(part)][::2]
    return ast.Module(body=ast.parse(source("wave")).body + chosen, type_ignores=[])


def swap_branches(tree, rng):
    class Swap(ast.NodeTransformer):
        def visit_If(self, node):
            self.generic_visit(node)
            if node.orelse and not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
                node.test = ast.UnaryOp(ast.Not(), node.test)
                node.body, node.orelse = node.orelse, node.body
            return node

    return Swap().visit(tree)


def for_to_while(tree, rng):
    class Loops(ast.NodeTransformer):
        count = 0

        def visit_For(self, node):
            self.generic_visit(node)
            if node.orelse:
                return node
            self.count += 1
            name = f"it_{self.count}"
            new = statements(f"{name} = iter(X)\nwhile True:\n    try:\n        Y = next({name})\n    except StopIteration:\n        break")
            new[0].value.args = [node.iter]
            new[1].body[0].body[0].targets = [node.target]
            new[1].body.extend(node.body)
            return new

    return Loops().visit(tree)


def extract_variables(tree, rng):
    for block in list(blocks(tree)):
        out = []
        for part in block:
            value = getattr(part, "value", None)
            if isinstance(part, (ast.Return, ast.Assign, ast.Expr)) and isinstance(value, ast.Call):
                for at, argument in enumerate(value.args):
                    if isinstance(argument, (ast.Call, ast.BinOp, ast.Compare, ast.ListComp)):
                        name = f"part_{rng.randrange(10**6)}"
                        out.append(ast.Assign([ast.Name(name, ast.Store())], argument))
                        value.args[at] = ast.Name(name, ast.Load())
            if isinstance(part, ast.Return) and isinstance(part.value, (ast.Call, ast.BinOp)):
                name = f"result_{rng.randrange(10**6)}"
                out.append(ast.Assign([ast.Name(name, ast.Store())], part.value))
                part.value = ast.Name(name, ast.Load())
            out.append(part)
        block[:] = out
    return tree


def comprehension_to_loop(tree, rng):
    for block in list(blocks(tree)):
        out = []
        for part in block:
            value = getattr(part, "value", None)
            if isinstance(part, (ast.Return, ast.Assign)) and isinstance(value, ast.ListComp) and len(value.generators) == 1:
                name = f"list_{rng.randrange(10**6)}"
                generator = value.generators[0]
                new = statements(f"{name} = []\nfor X in Y:\n    {name}.append(Z)")
                new[1].target, new[1].iter = generator.target, generator.iter
                new[1].body[0].value.args = [value.elt]
                for test in reversed(generator.ifs):
                    new[1].body = [ast.If(test, new[1].body, [])]
                out.extend(new)
                part.value = ast.Name(name, ast.Load())
            out.append(part)
        block[:] = out
    return tree


def unchain(tree, rng):
    class Chains(ast.NodeTransformer):
        def visit_Compare(self, node):
            self.generic_visit(node)
            turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}
            sides = [node.left, *node.comparators]
            pairs = []
            for left, op, right in zip(sides, node.ops, sides[1:]):
                swap = turned.get(type(op)) if not isinstance(right, ast.Constant) else None
                pairs.append(ast.Compare(right, [swap()], [left]) if swap else ast.Compare(left, [op], [right]))
            return pairs[0] if len(pairs) == 1 else ast.BoolOp(ast.And(), pairs)

    return Chains().visit(tree)


def expand_operators(tree, rng):
    class Operators(ast.NodeTransformer):
        def visit_AugAssign(self, node):
            self.generic_visit(node)
            load = copy.deepcopy(node.target)
            load.ctx = ast.Load()
            return ast.Assign([node.target], ast.BinOp(load, node.op, node.value))

        def visit_Compare(self, node):
            self.generic_visit(node)
            opposite = {ast.NotEq: ast.Eq, ast.NotIn: ast.In, ast.IsNot: ast.Is}.get(type(node.ops[0]))
            if len(node.ops) == 1 and opposite:
                return ast.UnaryOp(ast.Not(), ast.Compare(node.left, [opposite()], node.comparators))
            return node

    return Operators().visit(tree)


def formats(tree, rng):
    class Formats(ast.NodeTransformer):
        def visit_BinOp(self, node):
            self.generic_visit(node)
            if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
                values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
                if not isinstance(node.right, ast.Dict):
                    return ast.JoinedStr([ast.FormattedValue(value, -1, None) for value in values])
            return node

    return Formats().visit(tree)


def swap_statements(tree, rng):
    """Swaps neighbours that assign different names and don't read each other's."""
    for block in blocks(tree):
        for at in range(0, len(block) - 1, 2):
            pair = block[at : at + 2]
            if all(isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name) for part in pair):
                names = [{n.id for n in ast.walk(part) if isinstance(n, ast.Name)} for part in pair]
                if pair[0].targets[0].id not in names[1] and pair[1].targets[0].id not in names[0]:
                    block[at], block[at + 1] = pair[1], pair[0]
    return tree


def type_hints(tree, rng):
    hint = lambda: ast.parse(rng.choice(["int", "dict[str, list[int]]", "'Any' | None", "typing.Optional[str]"]), mode="eval").body
    for function in functions(tree):
        for argument in function.args.args[1:] + function.args.kwonlyargs:
            argument.annotation = hint()
        function.returns = hint()
    for block in blocks(tree):
        for at, part in enumerate(block):
            if isinstance(part, ast.Assign) and len(part.targets) == 1 and isinstance(part.targets[0], ast.Name):
                block[at] = ast.AnnAssign(part.targets[0], hint(), part.value, 1)
    return tree


def try_everything(tree, rng):
    for function in functions(tree):
        new = statements("try:\n    pass\nexcept (KeyboardInterrupt, SystemExit):\n    raise\nexcept Exception as error:\n    print(error)\n    raise")
        new[0].body = function.body
        function.body = new
    return tree


def alias_builtins(tree, rng):
    """Gives every built-in function that is called, and every imported module, another name."""
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    modules = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names if "." not in a.name]
    names = sorted((names & set(dir(builtins)) - {"super"} | set(modules)) - stored)

    class Names(ast.NodeTransformer):
        def visit_Name(self, node):
            return ast.Name(f"alias_{node.id}", node.ctx) if node.id in names else node

    body = Names().visit(tree).body
    at = next((i for i, part in enumerate(body) if not is_docstring(part) and not isinstance(part, (ast.Import, ast.ImportFrom))), 0)
    tree.body = body[:at] + statements("\n".join(f"alias_{name} = {name}" for name in names)) + body[at:]
    return tree


def to_methods(tree, rng):
    moved = [part for part in tree.body if isinstance(part, ast.FunctionDef)]
    names = {part.name for part in moved}

    class Calls(ast.NodeTransformer):
        def visit_Call(self, node):
            self.generic_visit(node)
            if isinstance(node.func, ast.Name) and node.func.id in names:
                node.func = ast.Attribute(ast.Name("self", ast.Load()), node.func.id, ast.Load())
            return node

    holder = statements("class Holder:\n    pass")[0]
    for part in moved:
        Calls().visit(part)
        if part.args.posonlyargs:
            part.args.posonlyargs.insert(0, ast.arg("self"))
        else:
            part.args.args.insert(0, ast.arg("self"))
    if moved:
        holder.body = moved
    tree.body = [part for part in tree.body if part not in moved] + [holder]
    return tree


def to_functions(tree, rng):
    out = []
    for part in tree.body:
        if isinstance(part, ast.ClassDef):
            methods = [inner for inner in part.body if isinstance(inner, ast.FunctionDef)]
            for method in methods:
                method.decorator_list = []
            out.extend(methods)
            out.extend(inner for inner in part.body if isinstance(inner, (ast.Assign, ast.ClassDef)))
        else:
            out.append(part)
    tree.body = out
    return tree


def everything(tree, rng):
    for edit in (rename, reorder, dummies, change_literals, drop_docstrings, type_hints, logging_calls):
        tree = ast.fix_missing_locations(edit(tree, rng))
    return tree


WHOLE = [
    rename, reformat, reorder, dead_code, dummies, live_dummies, logging_calls, wrap_async, wrap_class, make_async,
    split, split_handed_on, split_star, split_qualified, change_literals, drop_docstrings, swap_branches, for_to_while, extract_variables, comprehension_to_loop,
    unchain, expand_operators, formats, swap_statements, type_hints, try_everything, alias_builtins, to_methods, to_functions, everything,
]
PADDED = [helpers, padded]
PARTS = [half]


def texts(result):
    trees = result if isinstance(result, list) else [result]
    return [ast.unparse(ast.fix_missing_locations(tree)) for tree in trees]


def main():
    here = pathlib.Path(__file__).parent / "shapes"
    shapes = {path.stem: path.read_text() for path in sorted(here.glob("*.py"))}
    programs = {name: [source(name)] for name in ORIGINALS + OTHERS}
    programs |= {name: [text] for name, text in shapes.items()}
    pairs = []

    def add(edit, kind, first, second):
        pairs.append({"edit": edit, "kind": kind, "first": first, "second": second})

    for kind, edits in (("whole", WHOLE), ("padded", PADDED), ("part", PARTS)):
        for edit in edits:
            for name in ORIGINALS if kind == "part" else [*ORIGINALS, *shapes]:
                rng = random.Random(f"{edit.__name__} {name}")
                changed = f"{name} {edit.__name__}"
                programs[changed] = texts(edit(ast.parse(programs[name][0]), rng))
                add(edit.__name__, kind, name, changed)
    groups = {
        "unrelated modules": sorted(ORIGINALS + OTHERS),
        "same outer shape": [name for name in shapes if name.startswith("agent")],
        "same interface": [name for name in shapes if name.startswith("sort")],
    }
    for label, names in groups.items():
        for first, second in itertools.combinations(names, 2):
            add(label, "unrelated", first, second)
    json.dump({"programs": programs, "pairs": pairs}, sys.stdout)


if __name__ == "__main__":
    main()
