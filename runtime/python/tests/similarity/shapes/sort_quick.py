def sort(values):
    if len(values) < 2:
        return values
    pivot, *rest = values
    low = [x for x in rest if x < pivot]
    high = [x for x in rest if x >= pivot]
    return sort(low) + [pivot] + sort(high)
