# innocent: planner, executor and critic, with an event log
import abc
import collections
import dataclasses
import itertools
import json
import textwrap
import typing as t


@dataclasses.dataclass
class Task:
    name: str
    needs: set = dataclasses.field(default_factory=set)
    result: t.Optional[str] = None

    @property
    def done(self):
        return self.result is not None


class Executor(abc.ABC):
    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        cls.handlers = {n[3:]: f for n, f in vars(cls).items() if n.startswith("on_")}

    def execute(self, task):
        handler = self.handlers.get(task.name.split(":")[0], type(self).fallback)
        task.result = handler(self, task)
        return task

    @abc.abstractmethod
    def fallback(self, task): ...


class Local(Executor):
    def on_read(self, task):
        return f"text of {task.name[5:]}"

    def on_eval(self, task):
        return str(len(task.name))

    def fallback(self, task):
        return "?"


class Plan:
    def __init__(self, tasks):
        self.tasks = {task.name: task for task in tasks}
        self.log = collections.deque(maxlen=100)

    def ready(self):
        for task in self.tasks.values():
            if not task.done and all(self.tasks[n].done for n in task.needs):
                yield task

    def run(self, executor, critic=lambda task: True):
        for round_ in itertools.count(1):
            batch = list(self.ready())
            if not batch or round_ > 10:
                break
            for task in batch:
                executor.execute(task)
                self.log.append({"round": round_, "task": task.name, "ok": critic(task)})
        return self

    def __str__(self):
        return textwrap.indent(json.dumps(list(self.log), indent=1), "| ", lambda line: "task" in line)


plan = Plan([Task("read:a"), Task("eval:a", {"read:a"}), Task("write", {"eval:a", "read:a"})])
print(plan.run(Local(), critic=lambda task: task.result != "?"))
print({name: task.result for name, task in plan.tasks.items()}, *Local.handlers)
