# innocent: many failures at once
import asyncio
import contextlib
import sys
import traceback


class TaskFailed(Exception):
    def __init__(self, task: str, *, cause: BaseException | None = None):
        super().__init__(f"task {task!r} failed")
        self.task = task
        self.__cause__ = cause

    def __str__(self):
        return f"{type(self).__name__}: {self.args[0]}"


async def run(name: str, delay: float) -> str:
    await asyncio.sleep(delay)
    if name.startswith("bad"):
        raise TaskFailed(name)
    if name.startswith("odd"):
        raise OSError(5, "odd failure")
    return name


async def main() -> None:
    failures: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            for i, name in enumerate(["good", "bad1", "odd", "bad2"]):
                group.create_task(run(name, 0))
    except* TaskFailed as group:
        failures += [str(e) for e in group.exceptions]
    except* (OSError, ValueError) as group:
        failures.extend(repr(e) for e in group.exceptions)
    else:
        print("all well")
    finally:
        print(sorted(failures))


def nested():
    with contextlib.ExitStack() as stack:
        stack.callback(print, "cleaned up")
        try:
            raise KeyError("inner")
        except KeyError as error:
            error.add_note("while looking for the key")
            raise RuntimeError("outer") from error


asyncio.run(main())
try:
    nested()
except RuntimeError as error:
    print(error.__cause__.__notes__, type(error.__cause__).__name__, error.__suppress_context__)
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    print(len(text.splitlines()) > 3, file=sys.stderr)
