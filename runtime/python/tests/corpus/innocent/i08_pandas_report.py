# innocent: data frames: queries, groups, joins
import numpy as np
import pandas as pd

COLUMNS = ["task", "model", "seconds", "score"]


def load(path: str) -> pd.DataFrame:
    frame = pd.read_csv(path, usecols=COLUMNS, dtype={"task": "category"}, parse_dates=False)
    frame["score"] = frame["score"].clip(0, 1).fillna(0)
    return frame


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    fast = frame.query("seconds < 60 and score > 0.5")
    slow = frame.query("seconds >= 60")
    share = len(fast) / max(len(frame), 1)
    table = (
        frame.groupby(["model", "task"], observed=True)
        .agg(mean=("score", "mean"), worst=("score", "min"), runs=("score", "size"))
        .reset_index()
        .sort_values("mean", ascending=False)
    )
    table["share"] = share
    table["slow"] = table["task"].isin(slow["task"])
    return table


def pivot(frame: pd.DataFrame) -> pd.DataFrame:
    wide = frame.pivot_table(index="task", columns="model", values="score", aggfunc="mean")
    wide["best"] = wide.idxmax(axis=1)
    wide["spread"] = wide.select_dtypes(np.number).max(axis=1) - wide.select_dtypes(np.number).min(axis=1)
    return wide


def main() -> None:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "task": rng.choice(["sort", "parse", "fix"], 100),
            "model": rng.choice(["a", "b"], 100),
            "seconds": rng.gamma(2, 30, 100).round(1),
            "score": rng.random(100),
        }
    )
    frame = frame.assign(rank=lambda f: f["score"].rank(pct=True)).eval("cost = seconds * 2")
    print(summarise(frame).to_string(index=False))
    print(pivot(frame).round(2))
    frame.to_csv("runs.csv", index=False)
    frame.loc[frame["score"].gt(0.9), "task"].value_counts().plot.bar()


if __name__ == "__main__":
    main()
