# innocent: threads, events and queues
import queue
import threading
import time
from threading import Barrier, Condition, Event, Lock, Semaphore, Thread, Timer


class Worker(Thread):
    def __init__(self, jobs: "queue.Queue[int | None]", results: list, lock: Lock):
        super().__init__(name=f"{self.__class__.__name__}-{id(jobs) % 7}", daemon=True)
        self.jobs, self.results, self.lock = jobs, results, lock

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            with self.lock:
                self.results.append((job, threading.current_thread().name[:6]))
            self.jobs.task_done()


class Once:
    def __init__(self, make):
        self._make, self._ready = make, Condition()
        self._value = None

    def get(self):
        with self._ready:
            if self._value is None:
                self._value = self._make()
                self._ready.notify_all()
            return self._value


def main():
    jobs = queue.Queue(maxsize=2)
    results, lock = [], Lock()
    workers = [Worker(jobs, results, lock) for _ in range(3)]
    for worker in workers:
        worker.start()
    for i in range(6):
        jobs.put(i)
    for _ in workers:
        jobs.put(None)
    for worker in workers:
        worker.join(timeout=5)
    stop, rang = Event(), []
    alarm = Timer(0.001, lambda: (rang.append(time.monotonic() > 0), stop.set()))
    alarm.start()
    stop.wait(5)
    barrier, gate = Barrier(2), Semaphore(1)
    helper = Thread(target=barrier.wait, kwargs={"timeout": 5})
    helper.start()
    with gate:
        barrier.wait(5)
    helper.join()
    print(sorted(job for job, _ in results), rang, Once(dict).get(), threading.active_count() >= 1)
    with_priority = queue.PriorityQueue()
    with_priority.put((2, "exec"))
    with_priority.put((1, "eval"))
    print(with_priority.get_nowait()[1])


if __name__ == "__main__":
    main()
