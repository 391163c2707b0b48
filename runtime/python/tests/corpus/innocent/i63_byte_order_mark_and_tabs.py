# innocent: a byte order mark at the beginning, tabs as indentation
# vim: set fileencoding=UTF-8 noexpandtab :
import json
import random


class Board:
	SIZE = 3

	def __init__(self, cells=None):
		self.cells = cells or [" "] * self.SIZE ** 2

	def winner(self):
		n = self.SIZE
		lines = [range(i * n, i * n + n) for i in range(n)]
		lines += [range(i, n * n, n) for i in range(n)]
		lines += [range(0, n * n, n + 1), range(n - 1, n * n - 1, n - 1)]
		for line in lines:
			marks = {self.cells[i] for i in line}
			if len(marks) == 1 and marks != {" "}:
				return marks.pop()
		return None

	def moves(self):
		return [i for i, cell in enumerate(self.cells) if cell == " "]

	def eval(self, player):
		won = self.winner()
		return 0 if won is None else 1 if won == player else -1

	def play(self, rng):
		for turn in range(self.SIZE ** 2):
			if self.winner() or not self.moves():
				break
			self.cells[rng.choice(self.moves())] = "XO"[turn % 2]
		return self


if __name__ == "__main__":
	board = Board().play(random.Random(3))
	print(json.dumps(board.cells), board.eval("X"))
