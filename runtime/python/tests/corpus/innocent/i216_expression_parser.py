# innocent: a tokenizer, a parser and a tree that is visited by the names of its nodes
"""A tokenizer, a parser and a tree that is visited by the names of its nodes."""
import math
import operator
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    NUMBER = auto()
    NAME = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True)
class Token:
    kind: Kind
    text: str


PATTERN = re.compile(r"\s*(?:(\d+\.?\d*)|([a-z]+)|(.))")
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
FUNCTIONS = {"sqrt": math.sqrt, "abs": abs, "max": max}


class Node(ABC):
    @abstractmethod
    def accept(self, visitor): ...


@dataclass
class Number(Node):
    value: float

    def accept(self, visitor):
        return visitor.visit_number(self)


@dataclass
class Binary(Node):
    sign: str
    left: Node
    right: Node

    def accept(self, visitor):
        return visitor.visit_binary(self)


@dataclass
class Call(Node):
    name: str
    arguments: list

    def accept(self, visitor):
        return visitor.visit_call(self)


class Evaluator:
    def visit(self, node):
        method = getattr(self, "visit_" + type(node).__name__.lower())
        return method(node)

    def visit_number(self, node):
        return node.value

    def visit_binary(self, node):
        return SIGNS[node.sign](node.left.accept(self), node.right.accept(self))

    def visit_call(self, node):
        return FUNCTIONS[node.name](*(argument.accept(self) for argument in node.arguments))


class Parser:
    def __init__(self, text):
        self.tokens = list(self.tokenize(text))
        self.at = 0

    @staticmethod
    def tokenize(text):
        for number, name, sign in PATTERN.findall(text):
            yield Token(Kind.NUMBER, number) if number else Token(Kind.NAME, name) if name else Token(Kind.SIGN, sign)
        yield Token(Kind.END, "")

    def take(self, *texts):
        token = self.tokens[self.at]
        if token.text in texts or not texts:
            self.at += 1
            return token
        return None

    def sum(self):
        node = self.product()
        while token := self.take("+", "-"):
            node = Binary(token.text, node, self.product())
        return node

    def product(self):
        node = self.atom()
        while token := self.take("*", "/"):
            node = Binary(token.text, node, self.atom())
        return node

    def atom(self):
        match self.take():
            case Token(Kind.NUMBER, text):
                return Number(float(text))
            case Token(Kind.NAME, name):
                self.take("(")
                arguments = [self.sum()]
                while self.take(","):
                    arguments.append(self.sum())
                self.take(")")
                return Call(name, arguments)
            case Token(Kind.SIGN, "("):
                node = self.sum()
                self.take(")")
                return node
            case other:
                raise SyntaxError(f"unexpected {other}")


print(Evaluator().visit(Parser("1 + 2 * max(3, sqrt(16)) - (5 / 2)").sum()))
