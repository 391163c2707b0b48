# innocent: downloads in threads with retries
import concurrent.futures
import hashlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import requests

logger = logging.getLogger("download")
local = threading.local()


def session() -> requests.Session:
    if not hasattr(local, "session"):
        local.session = requests.Session()
        local.session.headers["User-Agent"] = "downloader/1.0"
    return local.session


def fetch(url: str, target: Path, attempts: int = 3) -> str:
    for attempt in range(1, attempts + 1):
        try:
            with session().get(url, stream=True, timeout=(5, 30)) as response:
                response.raise_for_status()
                digest = hashlib.sha256()
                with target.open("wb") as out:
                    for chunk in response.iter_content(1 << 16):
                        digest.update(chunk)
                        out.write(chunk)
                return digest.hexdigest()
        except requests.RequestException as error:
            logger.warning("attempt %d of %d for %s: %s", attempt, attempts, url, error)
            if attempt == attempts:
                raise
            time.sleep(2**attempt)
    raise AssertionError("unreachable")


def fetch_all(urls, folder: Path, threads: int = 4) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    done = {}
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="fetch") as pool:
        futures = {pool.submit(fetch, url, folder / url.rsplit("/", 1)[-1]): url for url in urls}
        for future in as_completed(futures):
            url = futures[future]
            try:
                done[url] = future.result()
            except Exception:
                logger.exception("%s failed", url)
    return done


def total(paths) -> int:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return sum(pool.map(lambda path: path.stat().st_size, paths))


if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    print(fetch_all(["https://example.org/index.html"], Path("files")))
