# innocent: calculator by recursive descent, with a tokenizer made of regular expressions
import math
import re

TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|(?P<name>[a-z]\w*)|(?P<op>\*\*|[-+*/(),]))", re.I)
FORBIDDEN = re.compile(r"\b(eval|exec|compile|__import__|globals|system)\s*\(")
FUNCTIONS = {"sqrt": math.sqrt, "sin": math.sin, "max": max, "min": min}


class SyntaxProblem(ValueError):
    def __init__(self, text, at):
        super().__init__(f"cannot read {text[at:at + 10]!r} at {at}")
        self.at = at


def tokens(text):
    at = 0
    text = text.rstrip()
    while at < len(text):
        if not (match := TOKEN.match(text, at)):
            raise SyntaxProblem(text, at)
        yield match.lastgroup, match[match.lastgroup]
        at = match.end()
    yield "end", ""


class Calculator:
    def __init__(self, text):
        if FORBIDDEN.search(text):
            raise ValueError("text looks like a program: eval( or exec( is not arithmetic")
        self.stream = tokens(text)
        self.kind, self.text = next(self.stream)

    def advance(self):
        kind, text = self.kind, self.text
        self.kind, self.text = next(self.stream, ("end", ""))
        return kind, text

    def expression(self):
        value = self.term()
        while self.text in ("+", "-") and self.kind == "op":
            _, op = self.advance()
            right = self.term()
            value = value + right if op == "+" else value - right
        return value

    def term(self):
        value = self.factor()
        while self.kind == "op" and self.text in "*/":
            _, op = self.advance()
            right = self.factor()
            value = value * right if op == "*" else value / right
        return value

    def factor(self):
        kind, text = self.advance()
        if kind == "number":
            return float(text)
        if kind == "name":
            self.advance()
            arguments = [self.expression()]
            while self.text == ",":
                self.advance()
                arguments.append(self.expression())
            self.advance()
            return FUNCTIONS[text](*arguments)
        if text == "(":
            value = self.expression()
            self.advance()
            return value
        if text == "-":
            return -self.factor()
        raise ValueError(f"unexpected {text!r}")


def evaluate(text):
    return Calculator(text).expression()


for example in ("1 + 2 * 3", "-(4 - 6) / 2", "max(sqrt(16), 3, min(9, 8))"):
    print(example, "=", evaluate(example))
