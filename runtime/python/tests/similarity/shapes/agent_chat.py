"""Writes conversations."""

import argparse
import json
import sys
import random

GREETINGS = ["Hi", "Hello", "Good day"]
TOPICS = {"food": ["bread", "soup"], "sport": ["chess", "rowing"]}


def question(rng, topic):
    subject = rng.choice(TOPICS[topic])
    pattern = rng.choice(["What do you think of {}?", "Tell me about {}.", "Why do people like {}?"])
    return pattern.format(subject)


def conversation(seed, topic, turns):
    rng = random.Random(seed)
    messages = [{"role": "system", "content": rng.choice(GREETINGS)}]
    for turn in range(turns):
        messages.append({"role": "user", "content": question(rng, topic)})
        answer = " ".join(rng.sample(TOPICS[topic], k=min(2, turn + 1)))
        messages.append({"role": "assistant", "content": answer})
    return {"messages": messages}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", default="-")
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    with open(args.input) as handle:
        data = json.load(handle)
    results = []
    for item in data:
        try:
            results.append(conversation(item["seed"], item["topic"], args.turns))
        except ValueError as error:
            print(f"skipped: {error}", file=sys.stderr)
    with open(args.output, "w") as handle:
        json.dump(results, handle)


if __name__ == "__main__":
    main()
