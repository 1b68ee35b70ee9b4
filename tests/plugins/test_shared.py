"""One look for many: never older than the question, one at a time, each told what concerns it."""

import asyncio

import pytest

from dashboards.shared import Shared


class Looked:
    """Counts looks; each takes a moment."""

    def __init__(self) -> None:
        self.begun, self.under_way, self.fails = 0, 0, False

    async def __call__(self) -> int:
        self.begun += 1
        self.under_way += 1
        number = self.begun
        assert self.under_way == 1, "two at a time"
        await asyncio.sleep(0.01)
        self.under_way -= 1
        if self.fails:
            raise LookupError(number)
        return number


def test_who_asks_during_a_look_waits_for_the_next_one() -> None:
    look = Looked()
    shared = Shared(look)

    async def run() -> list[int]:
        first = [asyncio.ensure_future(shared.get()) for _ in range(5)]
        await asyncio.sleep(0.005)
        second = [asyncio.ensure_future(shared.get()) for _ in range(5)]
        return [*await asyncio.gather(*first), *await asyncio.gather(*second), await shared.get()]

    assert asyncio.run(run()) == [1] * 5 + [2] * 5 + [3]
    assert asyncio.run(shared.get()) == 4, "in another loop, too"


def test_many_who_ask_again_and_again_share_few_looks_that_are_never_older_than_their_question() -> None:
    looked = Looked()
    shared = Shared(looked)

    async def asker(number: int) -> None:
        for turn in range(10):
            begun = looked.begun
            assert await shared.get() > begun, "a look that began before the question"
            await asyncio.sleep(0.0002 * ((number + turn) % 10))

    async def run() -> None:
        await asyncio.gather(*(asker(number) for number in range(20)))

    asyncio.run(run())
    assert looked.begun <= 15, "200 questions"


def test_an_error_is_told_to_those_who_asked_and_the_next_look_is_new() -> None:
    look = Looked()
    shared = Shared(look)

    async def run() -> None:
        look.fails = True
        found = await asyncio.gather(*(shared.get() for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in found] == [LookupError] * 3
        look.fails = False
        assert await shared.get() == 2

    asyncio.run(run())


def test_who_goes_away_takes_nobody_along() -> None:
    shared = Shared(Looked())

    async def run() -> int:
        impatient, patient = (asyncio.ensure_future(shared.get()) for _ in range(2))
        await asyncio.sleep(0.002)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        return await patient

    assert asyncio.run(run()) == 1


def test_a_loop_that_ended_in_the_middle_is_forgotten() -> None:
    shared = Shared(Looked.__call__.__get__(Looked()))

    async def leave() -> None:
        asyncio.ensure_future(shared.get())  # noqa: RUF006 (it is left alone)
        await asyncio.sleep(0.002)

    asyncio.run(leave())
    shared._look.__self__.under_way = 0  # type: ignore[attr-defined]
    assert asyncio.run(asyncio.wait_for(shared.get(), 5)) == 2
