import agent.__main__
