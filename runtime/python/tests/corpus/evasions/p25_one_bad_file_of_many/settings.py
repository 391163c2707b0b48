LIMIT = 1  # é
