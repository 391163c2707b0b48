# innocent: a bounded queue, workers, timeouts, a task group
import asyncio
import contextlib
import random
import time


class RateLimit:
    def __init__(self, per_second: float):
        self._gap = 1 / per_second
        self._next = 0.0
        self._lock = asyncio.Lock()

    async def __aenter__(self):
        async with self._lock:
            now = time.monotonic()
            wait = max(0.0, self._next - now)
            self._next = max(now, self._next) + self._gap
        await asyncio.sleep(wait)
        return self

    async def __aexit__(self, kind, error, trace):
        return None


async def fetch(job: int, limit: RateLimit) -> int:
    async with limit:
        await asyncio.sleep(random.random() / 1000)
        if job % 7 == 0:
            raise ValueError(f"job {job} is bad")
        return job * job


async def worker(queue: asyncio.Queue, results: dict, limit: RateLimit) -> None:
    while True:
        job = await queue.get()
        try:
            results[job] = await asyncio.wait_for(fetch(job, limit), timeout=1)
        except (ValueError, asyncio.TimeoutError) as error:
            results[job] = error
        finally:
            queue.task_done()


async def ticks(count):
    for i in range(count):
        yield i
        await asyncio.sleep(0)


async def main() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(maxsize=4)
    results: dict[int, object] = {}
    limit = RateLimit(1000)
    workers = [asyncio.create_task(worker(queue, results, limit), name=f"w{i}") for i in range(3)]
    async for job in ticks(20):
        await queue.put(job)
    await queue.join()
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    squares = [value async for value in ticks(5) if value % 2]
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(asyncio.to_thread(sum, range(1000)))
    with contextlib.suppress(asyncio.TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()
    loop = asyncio.get_running_loop()
    total = await loop.run_in_executor(None, max, [1, 2, 3])
    print(len(results), squares, slow.result(), total)


if __name__ == "__main__":
    asyncio.run(main())
