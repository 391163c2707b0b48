"""Writes down the trees that CPython makes of the sources on standard input (one a line, in base64), as one
JSON array a line.

A line is [accepted, kinds, digests]: how often each node kind is there, and for each letter the sum of the
checksums of its items, as `testing::survey` writes them.
"""

import ast
import base64
import json
import struct
import sys
import warnings
import zlib

warnings.simplefilter("ignore")
sys.setrecursionlimit(20_000)
# Refused by the compiler, not by the parser. Other errors of the compiler are not looked for: they don't
# show what the parser does.
REFUSED_LATER = (
    "duplicate argument",
    "keyword argument repeated",
    "patterns may only match literals",
    "starred assignment target must be",
)
SMALL = 10_000
COUNTED = (ast.stmt, ast.expr, ast.pattern, ast.ExceptHandler, ast.match_case)


def number(value):
    return struct.pack(">d", value).hex().encode()


def constant(value):
    if isinstance(value, str):
        text = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)
        return "s", text.encode()
    if isinstance(value, bytes):
        return "b", value
    if value is None or value is ... or isinstance(value, bool):
        return "o", ("Ellipsis" if value is ... else str(value)).encode()
    if isinstance(value, int):
        return "i", f"{value:x}".encode()
    if isinstance(value, float):
        return "f", number(value)
    return "c", number(value.real) + number(value.imag)


def placed(text, node, in_f_string):
    return (text if in_f_string else f"{text}@{node.lineno}").encode()


def items(node, in_f_string):
    kind = type(node).__name__
    if isinstance(node, ast.stmt):
        yield "t", placed(kind, node, in_f_string)
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield "d", node.name.encode()
        case ast.ImportFrom():
            yield "m", f"{node.level}{node.module or ''}".encode()
        case ast.Name():
            yield "n", placed(node.id, node, in_f_string)
        case ast.Attribute():
            yield "a", node.attr.encode()
        case ast.Constant() | ast.MatchSingleton():
            yield constant(node.value)
        case ast.FormattedValue():
            yield "v", (chr(node.conversion) if node.conversion > 0 else "-").encode()
        case ast.alias():
            yield "m", node.name.encode()
            if node.asname:
                yield "m", node.asname.encode()
        case ast.arg():
            yield "p", node.arg.encode()
        case ast.keyword():
            yield "k", (node.arg or "**").encode()


def survey(tree):
    kinds, digests = {}, {}
    waiting = [(tree, False)]
    while waiting:
        node, in_f_string = waiting.pop()
        if isinstance(node, COUNTED):
            kind = type(node).__name__
            kinds[kind] = kinds.get(kind, 0) + 1
        for letter, text in items(node, in_f_string):
            digests[letter] = digests.get(letter, 0) + zlib.crc32(text)
        inside = in_f_string or isinstance(node, ast.JoinedStr)
        waiting.extend((child, inside) for child in ast.iter_child_nodes(node))
    return [True, kinds, digests]


def refused_later(source):
    try:
        compile(source, "source", "exec")
    except SyntaxError as error:
        return str(error).startswith(REFUSED_LATER)
    return False


def main():
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"Python 3.11 is wanted, this is {sys.version}")
    for line in sys.stdin:
        try:
            source = base64.b64decode(line)
            result = survey(ast.parse(source))
            if len(source) < SMALL and refused_later(source):
                result = [False, {}, {}]
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            result = [False, {}, {"error": str(error)[:200]}]
        print(json.dumps(result), flush=True)


main()
