# innocent: an asynchronous pipeline with queues, semaphores and time limits
"""An asynchronous pipeline with queues, semaphores and time limits."""
import asyncio
import itertools
import json
import logging
import time
from collections import Counter, deque
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(order=True)
class Job:
    priority: int
    name: str = ""

    async def run(self) -> dict:
        await asyncio.sleep(0)
        return {"name": self.name, "at": time.monotonic()}


class Limiter:
    def __init__(self, limit):
        self._semaphore = asyncio.Semaphore(limit)

    async def __aenter__(self):
        await self._semaphore.acquire()
        return self

    async def __aexit__(self, kind, error, trace):
        self._semaphore.release()
        return False


async def worker(name, queue, results, limiter):
    while True:
        job = await queue.get()
        try:
            async with limiter:
                results.append(await asyncio.wait_for(job.run(), timeout=5))
        except asyncio.TimeoutError:
            log.warning("%s: %s took too long", name, job)
        finally:
            queue.task_done()


async def numbers(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


async def main():
    queue = asyncio.PriorityQueue()
    results = deque(maxlen=100)
    limiter = Limiter(2)
    for index, name in zip(itertools.count(), "abc"):
        await queue.put(Job(index, name))
    workers = [asyncio.create_task(worker(f"w{i}", queue, results, limiter)) for i in range(2)]
    await queue.join()
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    loop = asyncio.get_running_loop()
    done = await loop.run_in_executor(None, sum, [1, 2])
    event = asyncio.Event()
    loop.call_later(0.01, event.set)
    await event.wait()
    stopped = [n async for n in numbers(3)]
    print(json.dumps({"n": len(results), "sum": done, "all": stopped}), Counter("aab"))


asyncio.run(main())
