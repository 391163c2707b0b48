# innocent: expression tree with its own eval, compile and exec
import operator
from abc import ABC, abstractmethod


class Node(ABC):
    @abstractmethod
    def eval(self, env):
        """Value of this node. Has nothing to do with the builtin eval()."""

    def compile(self):
        return lambda env: self.eval(env)


class Number(Node):
    def __init__(self, value):
        self.value = value

    def eval(self, env):
        return self.value


class Name(Node):
    def __init__(self, name):
        self.name = name

    def eval(self, env):
        try:
            return env[self.name]
        except KeyError:
            raise NameError(self.name) from None


class Binary(Node):
    OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}

    def __init__(self, symbol, left, right):
        self.run, self.left, self.right = self.OPERATORS[symbol], left, right

    def eval(self, env):
        return self.run(self.left.eval(env), self.right.eval(env))


class Program:
    def __init__(self):
        self.env = {}
        self.log = []

    def exec(self, name, node):
        self.env[name] = node.eval(self.env)
        self.log.append(("exec", name))

    def system(self):
        return {"variables": len(self.env)}

    def fork(self):
        other = Program()
        other.env.update(self.env)
        return other

    def kill(self):
        self.env.clear()


program = Program()
program.exec("x", Number(20))
program.exec("y", Binary("+", Name("x"), Binary("*", Number(11), Number(2))))
child = program.fork()
program.kill()
print(child.env["y"], child.system(), Name("y").compile()(child.env))
