"""Making photos ahead of time in another process, so that drawing them does not hold up those who send them."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.process import BaseProcess

from pemantau.replay.shots import Shot

AHEAD = 16


def developed(shots: Iterable[Shot], ahead: int = AHEAD) -> Generator[tuple[Shot, bytes]]:
    """Each shot with its JPEG, in order. At most `ahead` photos wait in memory."""
    # Not forked: this process has threads and connections.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_the_parent) as pool:
        waiting: deque[tuple[Shot, Future[bytes]]] = deque()
        try:
            for shot in shots:
                waiting.append((shot, pool.submit(shot.picture)))
                if len(waiting) > ahead:
                    first, photo = waiting.popleft()
                    yield first, photo.result()
            while waiting:
                first, photo = waiting.popleft()
                yield first, photo.result()
        finally:
            for _, photo in waiting:
                photo.cancel()


def _end_with_the_parent() -> None:
    """Else the other process would wait for ever where this one is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent,), daemon=True).start()


def _wait_and_exit(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
