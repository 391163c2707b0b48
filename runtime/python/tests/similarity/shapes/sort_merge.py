def merge(left, right):
    result = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            result.append(left[i])
            i += 1
        else:
            result.append(right[j])
            j += 1
    result.extend(left[i:])
    result.extend(right[j:])
    return result


def sort(values):
    if len(values) <= 1:
        return values
    middle = len(values) // 2
    return merge(sort(values[:middle]), sort(values[middle:]))
