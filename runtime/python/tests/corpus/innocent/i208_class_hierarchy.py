# innocent: nested tables, copies, slices and deletions
"""Nested tables, copies, slices and deletions."""
import copy
import heapq
import operator

TABLE = {"a": {"x": 1, "y": [1, 2]}, "b": {"x": 2, "y": []}}
STEPS = [("load", 1), ("clean", 2), ("save", 3)]
ROUTES = [["get", "post"], ["put"]]


class Pipeline:
    def load(self, n):
        return n

    def clean(self, n):
        return n

    def save(self, n):
        return n

    def run(self):
        total = 0
        for name, value in STEPS:
            total += getattr(self, name)(value)
        for name, value in [("load", 1), ("save", 2)][:]:
            total += getattr(self, name)(value)
        return total


def main():
    table = copy.deepcopy(TABLE)
    table["a"]["y"].append(3)
    del table["b"]
    queue = []
    heapq.heappush(queue, (2, "b"))
    heapq.heappush(queue, (1, "a"))
    first = ROUTES[0][:]
    first.reverse()
    add = queue.append
    add((3, "c"))
    return table, sorted(queue, key=operator.itemgetter(0)), first


print(main(), Pipeline().run())
