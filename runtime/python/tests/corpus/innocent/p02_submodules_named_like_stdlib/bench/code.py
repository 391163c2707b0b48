from dataclasses import dataclass


@dataclass
class CodeBlock:
    text: str
    language: str = "text"

    def compile(self):
        return f"```{self.language}\n{self.text}\n```"
