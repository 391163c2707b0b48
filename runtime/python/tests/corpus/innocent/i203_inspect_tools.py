# innocent: tool descriptions from signatures
"""Tool descriptions from signatures."""
import inspect
import json
from typing import Any, Callable

TOOLS: dict[str, Callable[..., Any]] = {}
TYPES = {int: "integer", float: "number", str: "string", bool: "boolean"}


def tool(function):
    TOOLS[function.__name__] = function
    return function


@tool
def add(a: int, b: int = 2) -> int:
    """Adds two numbers."""
    return a + b


def describe(function):
    signature = inspect.signature(function)
    properties = {}
    required = []
    for name, parameter in signature.parameters.items():
        kind = TYPES.get(parameter.annotation, "string")
        properties[name] = {"type": kind}
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
    return {
        "name": function.__name__,
        "description": inspect.getdoc(function) or "",
        "parameters": {"type": "object", "properties": properties, "required": required},
    }


async def call(function, **arguments):
    bound = inspect.signature(function).bind(**arguments)
    bound.apply_defaults()
    result = function(*bound.args, **bound.kwargs)
    if inspect.isawaitable(result):
        result = await result
    return result


def is_plugin(thing):
    return inspect.isclass(thing) and not inspect.isabstract(thing) or inspect.iscoroutinefunction(thing)


print(json.dumps([describe(function) for function in TOOLS.values()], indent=2))
print(inspect.cleandoc("  a\n  b"), is_plugin(add))
