# innocent: a small cache of files
import contextlib
import gzip
import hashlib
import json
import os
import pathlib
import tempfile
import time
from typing import Any, Iterator


class FileCache:
    def __init__(self, root: str | os.PathLike[str], max_age: float = 3600):
        self.root = pathlib.Path(root).expanduser()
        self.root.mkdir(parents=True, exist_ok=True)
        self.max_age = max_age

    def _path(self, key: str) -> pathlib.Path:
        digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        return self.root / digest[:2] / f"{digest[2:]}.json.gz"

    def __contains__(self, key: str) -> bool:
        path = self._path(key)
        return path.is_file() and time.time() - path.stat().st_mtime < self.max_age

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        with gzip.open(self._path(key), "rt", encoding="utf-8") as file:
            return json.load(file)

    def __setitem__(self, key: str, value: Any) -> None:
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(name, path)

    def __delitem__(self, key):
        with contextlib.suppress(FileNotFoundError):
            self._path(key).unlink()

    def __iter__(self) -> Iterator[pathlib.Path]:
        yield from self.root.glob("*/*.json.gz")

    def __len__(self):
        return sum(1 for _ in self)


with tempfile.TemporaryDirectory(prefix="cache-") as folder:
    cache = FileCache(folder)
    cache["question"] = {"answer": 42}
    print(cache["question"]["answer"], "question" in cache, len(cache))
    del cache["question"]
    print([p.suffixes for p in cache], pathlib.PurePosixPath("/a/b").relative_to("/a"))
