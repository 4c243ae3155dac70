"""With fsync: many requests wait for one. Whoever comes while the disk is busy shares the next turn."""

import asyncio

from monitor.ingest.spool.writer import SpoolWriter, sync


class GroupCommit:
    """`wait()` returns when all that was appended before the call is on disk. Raises SpoolError."""

    def __init__(self, writer: SpoolWriter) -> None:
        self._writer = writer
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await future

    async def _run(self) -> None:
        while self._waiting:
            served, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(sync, self._writer.take_unsynced())
            # All of them must hear of it, whatever it was: they would wait for ever.
            except BaseException as error:
                for future in served:
                    if not future.done():
                        future.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                for future in served:
                    if not future.done():
                        future.set_result(None)
