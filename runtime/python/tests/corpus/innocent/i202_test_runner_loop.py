# innocent: a small test runner that goes through the names of a class
"""A small test runner that goes through the names of a class."""


class Checks:
    def test_sum(self):
        assert 1 + 1 == 2

    def test_text(self):
        assert "a".upper() == "A"

    def helper(self):
        return 1


def run(case):
    passed = 0
    for name in dir(case):
        if name.startswith("test_"):
            getattr(case, name)()
            passed += 1
    return passed


def run_all(cases):
    results = {}
    for case in cases:
        for name in sorted(dir(case)):
            if not name.startswith("test_"):
                continue
            method = getattr(case, name)
            if callable(method):
                results[name] = method()
    return results


def public(thing):
    found = {}
    for attribute in dir(thing):
        if attribute.startswith("_"):
            continue
        found[attribute] = getattr(thing, attribute)
    return found


for name in dir(Checks()):
    if name.startswith("test_") and name != "test_none":
        getattr(Checks(), name)()
print(run(Checks()), run_all([Checks()]), sorted(public(Checks())))
