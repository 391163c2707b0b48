# innocent: ranking of documents by BM25
import math
import re
from collections import Counter, defaultdict
from heapq import nlargest
from typing import Iterable

WORD = re.compile(r"[A-Za-z_]\w+")


class Index:
    k1, b = 1.2, 0.75

    def __init__(self, documents: Iterable[str] = ()):
        self.postings = defaultdict(dict)
        self.lengths: list[int] = []
        for document in documents:
            self.add(document)

    @staticmethod
    def words(text):
        for word in WORD.findall(text):
            yield word.lower()
            yield from (part.lower() for part in re.split(r"_|(?<=[a-z])(?=[A-Z])", word) if part and part != word)

    def add(self, text):
        number = len(self.lengths)
        counts = Counter(self.words(text))
        self.lengths.append(sum(counts.values()))
        for word, n in counts.items():
            self.postings[word][number] = n
        return number

    def search(self, query, top=3):
        scores, mean = Counter(), sum(self.lengths) / max(len(self.lengths), 1)
        for word in set(self.words(query)):
            found = self.postings.get(word, {})
            rarity = math.log(1 + (len(self.lengths) - len(found) + 0.5) / (len(found) + 0.5))
            for number, n in found.items():
                norm = self.k1 * (1 - self.b + self.b * self.lengths[number] / mean)
                scores[number] += rarity * n * (self.k1 + 1) / (n + norm)
        return nlargest(top, scores.items(), key=lambda item: (item[1], -item[0]))


index = Index(["def evalExpression(text): ...", "class Compiler: def compile(self)", "os system call", "sys modules"])
assert index.search("eval")[0][0] == 0
print([(n, round(s, 2)) for n, s in index.search("compile modules")], len(index.postings))
