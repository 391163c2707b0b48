# innocent: a JSON parser written by hand
import string

ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WORDS = {"true": True, "false": False, "null": None}


class Parser:
    def __init__(self, text, max_depth=50):
        self.text, self.at, self.depth, self.max_depth = text, 0, 0, max_depth

    def fail(self, expected):
        raise ValueError(f"expected {expected} at {self.at}, found {self.text[self.at:self.at + 5]!r}")

    def space(self):
        while self.text[self.at:self.at + 1] in tuple(" \t\r\n"):
            self.at += 1

    def take(self, symbol):
        self.space()
        if not self.text.startswith(symbol, self.at):
            self.fail(symbol)
        self.at += len(symbol)

    def peek(self):
        self.space()
        return self.text[self.at:self.at + 1]

    def value(self):
        self.depth += 1
        if self.depth > self.max_depth:
            raise RecursionError("too deep")
        try:
            match self.peek():
                case "{":
                    return self.members()
                case "[":
                    return self.items()
                case '"':
                    return self.string()
                case c if c and c in "-0123456789":
                    return self.number()
                case _:
                    for word, value in WORDS.items():
                        if self.text.startswith(word, self.at):
                            self.at += len(word)
                            return value
                    self.fail("a value")
        finally:
            self.depth -= 1

    def members(self):
        self.take("{")
        result = {}
        while self.peek() != "}":
            if result:
                self.take(",")
            self.space()
            key = self.string()
            self.take(":")
            result[key] = self.value()
        self.take("}")
        return result

    def items(self):
        self.take("[")
        result = []
        while self.peek() != "]":
            if result:
                self.take(",")
            result.append(self.value())
        self.take("]")
        return result

    def string(self):
        self.take('"')
        parts = []
        while (c := self.text[self.at:self.at + 1]) != '"':
            if not c:
                self.fail("the end of the string")
            self.at += 1
            if c == "\\":
                c = self.text[self.at]
                self.at += 1
                if c == "u":
                    c = chr(int(self.text[self.at:self.at + 4], 16))
                    self.at += 4
                else:
                    c = ESCAPES[c]
            parts.append(c)
        self.at += 1
        return "".join(parts)

    def number(self):
        start = self.at
        while self.text[self.at:self.at + 1] and self.text[self.at] in string.digits + "+-.eE":
            self.at += 1
        text = self.text[start:self.at]
        return float(text) if set(text) & set(".eE") else int(text)


print(Parser(r'{"a": [1, -2.5e3, true, null], "\u00e9\n": "__globals__ \ud83d", "c": {}}').value())
