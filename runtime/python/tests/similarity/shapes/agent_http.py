"""Asks a server, with retries."""

import argparse
import json
import sys
import time
import urllib.request

def ask(url, payload, timeout):
    request = urllib.request.Request(url, data=json.dumps(payload).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=timeout) as response:
        if response.status != 200:
            raise ValueError(response.reason)
        return json.loads(response.read().decode())


def ask_patiently(url, payload, attempts, timeout=30.0):
    delay = 0.5
    for attempt in range(attempts):
        try:
            return ask(url, payload, timeout)
        except OSError:
            if attempt + 1 == attempts:
                raise
            time.sleep(delay)
            delay = min(delay * 2, 10.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--attempts", type=int, default=3)
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(ask_patiently(item["url"], item["payload"], args.attempts))
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    with open(args.output, "w") as handle:
        json.dump(results, handle)


if __name__ == "__main__":
    main()
