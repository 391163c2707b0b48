"""Wants to look around on the validator's machine."""

import subprocess


def main() -> None:
    print(subprocess.run(["id"], capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
