"""One look at something slow for all who ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Seen = TypeVar("Seen")

# Where many ask again and again, the next look waits a moment for more of them: a look costs as much as some
# tens of answers. It is no older for that.
FEW, GATHER = 8, 0.003  # askers, seconds

# Of their own: a look, for which many wait, never queues behind pages, nor either behind slow routes. Pages
# have few, since more would only take turns with each other and with the event loop.
LOOKS, PAGES = ThreadPoolExecutor(16, "vitrine-look"), ThreadPoolExecutor(8, "vitrine-page")


def aside(
    work: Callable[..., Seen], *arguments: Any, threads: ThreadPoolExecutor = LOOKS
) -> asyncio.Future[Seen]:
    """Works in one of these threads, to be awaited."""
    return asyncio.get_running_loop().run_in_executor(threads, work, *arguments)


class Shared(Generic[Seen]):
    """A look that many wait for together, and that is never older than the question.

    Who asks while a look is under way waits for the next one, which begins when that has ended: so at most
    one is under way at a time, and nobody gets what was seen before they asked. It belongs to one event loop
    at a time.
    """

    def __init__(self, look: Callable[[], Awaitable[Seen]]) -> None:
        self._look = look
        self._waiting: list[asyncio.Future[Seen]] = []
        self._looking: asyncio.Task[None] | None = None

    async def get(self) -> Seen:
        """What is seen by a look that begins now or later; raises what the look raises."""
        return await self.ask()

    def ask(self) -> asyncio.Future[Seen]:
        """The same, to be awaited later: so two looks can go on side by side."""
        loop = asyncio.get_running_loop()
        if self._looking is not None and self._looking.get_loop() is not loop:
            self._looking, self._waiting = None, []
        mine: asyncio.Future[Seen] = loop.create_future()
        self._waiting.append(mine)
        if self._looking is None:
            self._looking = loop.create_task(self._serve())
        return mine

    async def _serve(self) -> None:
        """Looks as long as somebody waits."""
        many = False
        try:
            while self._waiting:
                if many:
                    await asyncio.sleep(GATHER)
                many = len(self._waiting) > FEW
                served, self._waiting = self._waiting, []
                await self._tell(served)
        finally:
            self._looking = None

    async def _tell(self, served: list[asyncio.Future[Seen]]) -> None:
        try:
            seen = await self._look()
        except Exception as error:  # noqa: BLE001 (whatever it is, it concerns those who asked)
            for one in served:
                if not one.done():
                    one.set_exception(error)
        else:
            for one in served:
                if not one.done():  # who has gone away is not told
                    one.set_result(seen)
