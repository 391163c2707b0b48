def lines(block):
    return len(block.compile().splitlines())
