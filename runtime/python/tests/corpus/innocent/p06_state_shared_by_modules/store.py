from collections import OrderedDict

import settings

_items = OrderedDict()


def put(key, value):
    global _items
    _items[key] = value
    while len(_items) > settings.LIMIT:
        _items.popitem(last=False)


def items():
    return list(_items.items())
