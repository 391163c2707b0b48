"""Chooses moves by minimax."""

import argparse
import json
import sys


LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


def winner(board):
    for a, b, c in LINES:
        if board[a] != " " and board[a] == board[b] == board[c]:
            return board[a]
    return None


def minimax(board, player, me, depth):
    won = winner(board)
    if won:
        return (1 if won == me else -1), None
    free = [at for at, mark in enumerate(board) if mark == " "]
    if not free or depth == 0:
        return 0, None
    other = "O" if player == "X" else "X"
    options = []
    for at in free:
        board[at] = player
        value, _ = minimax(board, other, me, depth - 1)
        board[at] = " "
        options.append((value, at))
    return max(options) if player == me else min(options)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--depth", type=int, default=9)
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(minimax(list(item["board"]), "X", "X", args.depth)[1])
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
