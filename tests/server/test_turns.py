"""Turns: in the order in which they were asked for, and only some in each pass of the event loop."""

import asyncio

from webhook.server.turns import AT_ONCE, Turns

NUMBER = 3 * AT_ONCE + 1


async def turns_taken(cancelled: frozenset[int] = frozenset()) -> list[tuple[int, int]]:
    """Ask for turns at once; return each that was taken, in this order, with the pass of the loop in which it was."""
    loop = asyncio.get_running_loop()
    turns = Turns()
    taken: list[tuple[int, int]] = []
    passes = 0

    async def take(number: int, turn: "asyncio.Future[None]") -> None:
        await turn
        taken.append((number, passes))

    futures = [loop.create_future() for _ in range(NUMBER)]
    tasks = [loop.create_task(take(number, future)) for number, future in enumerate(futures)]
    for future in futures:
        turns.ask(future)
    for number in cancelled:
        tasks[number].cancel()
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        passes += 1
    return taken


def test_who_has_asked_first_is_first() -> None:
    assert [number for number, _ in asyncio.run(turns_taken())] == list(range(NUMBER))


def test_a_pass_of_the_loop_has_only_so_many_turns() -> None:
    taken = [number for _, number in asyncio.run(turns_taken())]

    assert [taken.count(number) for number in sorted(set(taken))] == [AT_ONCE, AT_ONCE, AT_ONCE, 1]


def test_who_has_gone_away_keeps_nobody_waiting() -> None:
    gone = frozenset(range(1, 3 * AT_ONCE))

    assert [number for number, _ in asyncio.run(turns_taken(gone))] == [0, NUMBER - 1]


def test_turns_go_on_after_a_rest() -> None:
    async def ask_twice() -> bool:
        loop = asyncio.get_running_loop()
        turns = Turns()
        for _ in range(2):
            futures = [loop.create_future() for _ in range(NUMBER)]
            for future in futures:
                turns.ask(future)
            await asyncio.gather(*futures)
            await asyncio.sleep(0.01)
        return True

    assert asyncio.run(ask_twice())
