# innocent: sorting and grouping with operator and itertools
import itertools
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from operator import attrgetter, itemgetter, methodcaller

Run = namedtuple("Run", "task score seconds", defaults=(0.0,))
runs = [Run("sort", 0.5, 3.0), Run("parse", 0.9, 1.0), Run("sort", 0.7), Run("fix", 0.1, 9.5)]

by_task = attrgetter("task")
by_score = attrgetter("score", "seconds")
best = sorted(runs, key=by_score, reverse=True)[:2]
print([r._asdict() for r in best], Run._fields, best[0]._replace(seconds=0))

groups = defaultdict(list)
for task, found in itertools.groupby(sorted(runs, key=by_task), key=by_task):
    groups[task].extend(found)
print({task: max(map(itemgetter(1), found)) for task, found in groups.items()})

words = "the quick brown fox jumps over the lazy dog the end".split()
print(Counter(words).most_common(2), list(map(methodcaller("upper"), words[:3])))

window = deque(maxlen=3)
means = []
for value in itertools.accumulate(range(10)):
    window.append(value)
    means.append(sum(window) / len(window))
print(means)

ordered = OrderedDict(sorted(Counter("mississippi").items(), key=itemgetter(1), reverse=True))
ordered.move_to_end("m", last=False)
print(ordered, *itertools.islice(itertools.product("ab", repeat=2), 3))
print(list(itertools.starmap(pow, [(2, 3), (3, 2)])), list(itertools.pairwise("abcd")))
