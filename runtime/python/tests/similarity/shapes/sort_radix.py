def sort(values):
    shift = 0
    values = list(values)
    while any(value >> shift for value in values):
        buckets = [[] for _ in range(256)]
        for value in values:
            buckets[(value >> shift) & 255].append(value)
        values = [value for bucket in buckets for value in bucket]
        shift += 8
    return values
