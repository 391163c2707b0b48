# innocent: a report of an exception chain
import json
import sys
import traceback


def report(error):
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "message": str(error),
        "args": [repr(a) for a in error.args],
        "where": f"{last.filename}:{last.lineno} in {last.name}" if last else None,
        "cause": report(error.__cause__) if error.__cause__ else None,
        "trace": "".join(lines)[-2000:],
    }


try:
    try:
        int("x")
    except ValueError as error:
        raise RuntimeError("while parsing") from error
except RuntimeError as error:
    json.dump(report(error), sys.stdout)
