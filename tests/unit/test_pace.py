"""The pace of a client, in time that passes only where all wait."""

import asyncio
import math
import random
from collections import deque

import pytest

from plaudit.errors import ConfigError
from plaudit.pace import Bucket, Limits, Pace

ADAPTIVE = Limits(is_adaptive=True)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer."""

    now = 0.0

    def time(self):
        return self.now

    def _run_once(self):
        if not self._ready:
            times = [handle._when for handle in self._scheduled if not handle._cancelled]
            self.now = max(self.now, min(times, default=self.now))
        super()._run_once()


def played(scene, most=4, limits=ADAPTIVE):
    """What a scene with a pace comes to."""
    loop = _Loop()
    try:
        pace = Pace(most, limits, clock=loop.time, sleep=asyncio.sleep)
        return loop.run_until_complete(scene(pace, loop.time))
    finally:
        loop.close()


async def settled():
    """Everything that can go on at this moment has."""
    for _ in range(5):
        await asyncio.sleep(0)


async def hold(pace, seconds, **options):
    if not await pace.enter(**options):
        return False
    try:
        await asyncio.sleep(seconds)
    finally:
        pace.leave()
    return True


def most_in_a_minute(events):
    """The most that any half-open minute of (time, amount) holds."""
    window, total, most = deque(), 0, 0
    for at, amount in sorted(events):
        window.append((at, amount))
        total += amount
        while window[0][0] <= at - 60 + 1e-9:
            total -= window.popleft()[1]
        most = max(most, total)
    return most


# --- buckets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_minute", [1, 7, 60, 6000])
def test_no_minute_holds_more_than_the_bucket_gives(per_minute):
    rng, bucket, now, events = random.Random(per_minute), Bucket(per_minute), 0.0, []
    for _ in range(4 * per_minute + 20):
        now += rng.choice([0, 0, 0, rng.expovariate(per_minute / 60)])
        events.append((now + bucket.wait_s(1, now=now), 1))
    assert most_in_a_minute(events) <= per_minute
    if per_minute >= 60:
        assert most_in_a_minute(events) > 0.9 * per_minute


def test_what_is_given_back_can_be_taken():
    bucket = Bucket(62)
    assert [bucket.wait_s(10, now=0.0), bucket.wait_s(1, now=0.0)] == [8.0, 9.0]
    bucket.give_back(10)
    assert bucket.wait_s(1, now=0.0) == 0.0


def test_a_long_rest_saves_no_more_than_two_seconds():
    bucket = Bucket(62)
    waits = [bucket.wait_s(1, now=1e6) for _ in range(4)]
    assert waits == [0.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute", "retry_share"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan])
def test_limits_that_let_nothing_through_are_refused(name, value):
    with pytest.raises(ConfigError, match=f"{name}={value!r} must be positive"):
        Limits(**{name: value})


# --- turns ----------------------------------------------------------------------------------------


def test_at_most_so_many_and_first_come_first_served():
    async def scene(pace, clock):
        order = []

        async def call(i):
            assert await pace.enter()
            order.append(i)
            assert pace._busy <= 4
            await asyncio.sleep(random.Random(i).uniform(1, 2))
            pace.leave()

        await asyncio.gather(*map(call, range(50)))
        return order, pace.most_busy, pace._busy

    assert played(scene) == ([*range(50)], 4, 0)


def test_who_waits_too_long_is_told_when_the_time_is_up():
    async def scene(pace, clock):
        first = asyncio.ensure_future(hold(pace, 10))
        await settled()
        late, patient = await asyncio.gather(pace.enter(until=3.0), hold(pace, 1, until=30.0))
        return late, patient, await first, clock(), pace._busy

    assert played(scene, most=1) == (False, True, True, 11.0, 0)


def test_one_that_left_the_line_does_not_hold_up_the_next():
    async def scene(pace, clock):
        assert await pace.enter()
        gone = asyncio.ensure_future(pace.enter())
        await settled()
        gone.cancel()
        await settled()
        pace.leave()
        return await asyncio.wait_for(pace.enter(), 1), clock()

    assert played(scene, most=1) == (True, 0.0)


def test_a_turn_that_came_as_it_was_cancelled_goes_to_the_next():
    async def scene(pace, clock):
        assert await pace.enter()
        first, second = (asyncio.ensure_future(hold(pace, 1)) for _ in range(2))
        await settled()
        pace.leave()  # the first has its turn, and does not know it yet
        first.cancel()
        assert await asyncio.wait_for(second, 5)
        return first.cancelled(), pace._busy

    assert played(scene, most=1) == (True, 0)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_that_is_cancelled_keeps_its_place(seed):
    rng = random.Random(seed)
    limits = Limits(is_adaptive=True, requests_per_minute=3000, tokens_per_minute=60_000)

    async def call(pace, clock, length_s, tokens, until):
        if await pace.enter(tokens, until=until):
            try:
                await asyncio.sleep(length_s)
            finally:
                pace.leave()
            if rng.random() < 0.2:
                pace.slow_down(clock() - rng.uniform(0, 1), rng.choice([None, 0.3]))
            else:
                pace.go_on()

    async def scene(pace, clock):
        tasks = []
        for _ in range(300):
            until = clock() + rng.choice([math.inf, 0.0, rng.uniform(0, 3)])
            length_s, tokens = rng.choice([0, rng.uniform(0, 1)]), rng.randrange(30)
            task = asyncio.ensure_future(call(pace, clock, length_s, tokens, until))
            tasks.append(task)
            if rng.random() < 0.5:
                await asyncio.sleep(rng.uniform(0, 0.05))
            if rng.random() < 0.4:
                rng.choice(tasks).cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in done} == {type(None), asyncio.CancelledError}
        assert (pace._busy, len(pace._waiting)) == (0, 0)
        for _ in range(2000):
            pace.go_on()
        await asyncio.sleep(10)
        return [await asyncio.wait_for(pace.enter(), 1) for _ in range(8)]

    assert played(scene, most=8, limits=limits) == [True] * 8


# --- so much a minute -----------------------------------------------------------------------------


def test_requests_and_tokens_per_minute_hold_over_a_run():
    limits = Limits(requests_per_minute=120, tokens_per_minute=3000)
    rng = random.Random(5)

    async def scene(pace, clock):
        events = []

        async def call(tokens):
            assert await pace.enter(tokens)
            events.append((clock(), tokens))
            await asyncio.sleep(rng.uniform(0, 3))
            pace.leave()

        await asyncio.gather(*[call(rng.randrange(1, 60)) for _ in range(400)])
        return events

    events = played(scene, most=64, limits=limits)
    assert most_in_a_minute([(at, 1) for at, _ in events]) <= 120
    assert 2700 < most_in_a_minute(events) <= 3000


def test_what_was_not_used_lets_the_next_go_earlier():
    async def scene(pace, clock):
        assert await pace.enter(20)
        pace.settle(20, 5)
        pace.leave()
        assert await pace.enter(15)
        went_at = clock()
        assert await pace.enter(5)
        return went_at, clock()

    used = Limits(tokens_per_minute=620)  # 10 a second, 20 at once
    assert played(scene, limits=used) == (0.0, 0.5)


def test_who_gives_up_leaves_the_bucket_to_others():
    async def scene(pace, clock):
        calls = [hold(pace, 0, until=1.5) for _ in range(40)]
        went = await asyncio.gather(*calls)
        first = clock()
        late = await hold(pace, 0, until=clock() + 2)
        return sum(went), first, late

    # two at once, one at 1 s; the others' share is not lost
    assert played(scene, most=64, limits=Limits(requests_per_minute=62)) == (3, 1.5, True)


def test_a_cancelled_wait_gives_its_tokens_back():
    async def scene(pace, clock):
        assert await pace.enter(20)
        task = asyncio.ensure_future(pace.enter(500))
        await asyncio.sleep(1)
        task.cancel()
        await settled()
        assert await pace.enter(10)
        return clock(), pace._busy

    assert played(scene, limits=Limits(tokens_per_minute=620)) == (1.0, 2)


# --- what the service bears -----------------------------------------------------------------------


def test_the_limit_falls_by_half_for_each_round_and_grows_by_one():
    async def scene(pace, clock):
        fell, grew = [], []
        for _ in range(4):
            busy = int(pace.limit)
            for _ in range(busy):
                assert await pace.enter()
            began = clock()
            await asyncio.sleep(0.1)
            for _ in range(busy):  # the whole round is refused
                pace.slow_down(began, None)
                pace.leave()
            fell.append(pace.limit)
            await asyncio.sleep(0.1)
        for _ in range(4):
            before = pace.limit
            for _ in range(round(before)):
                pace.go_on()
            grew.append(pace.limit - before)
        return fell, grew

    fell, grew = played(scene, most=64)
    assert fell == [32.0, 16.0, 8.0, 4.0]
    assert all(0.8 < by <= 1.0 for by in grew)


def test_it_falls_to_one_and_not_below_and_never_grows_beyond_its_most():
    async def scene(pace, clock):
        for i in range(20):
            pace.slow_down(float(i), None)
            await asyncio.sleep(1)
        low = pace.limit
        for _ in range(10_000):
            pace.go_on()
        return low, pace.limit

    assert played(scene, most=16) == (1.0, 16.0)


def test_a_pace_that_does_not_adapt_does_not():
    async def scene(pace, clock):
        assert await pace.enter()
        pace.leave()
        pace.slow_down(0.0, 100.0)
        assert await pace.enter()
        return pace.limit, clock()

    assert played(scene, limits=Limits()) == (4.0, 0.0)


def test_it_finds_what_a_service_bears_and_stays_near_it():
    async def scene(pace, clock):
        busy, told, limits = 0, [], []

        async def call():
            nonlocal busy
            while True:
                assert await pace.enter()
                began = clock()
                busy += 1
                is_refused = busy > 12
                await asyncio.sleep(0.01 if is_refused else 0.2)
                busy -= 1
                if is_refused:
                    pace.slow_down(began, None)
                else:
                    pace.go_on()
                pace.leave()
                told.append(is_refused)
                limits.append(pace.limit)
                if not is_refused:
                    return
                await asyncio.sleep(0.05)

        await asyncio.gather(*[call() for _ in range(2000)])
        return told, limits, clock()

    told, limits, seconds = played(scene, most=64)
    later = len(told) // 4
    assert 4 <= min(limits[later:]) <= max(limits[later:]) <= 16
    assert sum(told[later:]) / len(told[later:]) < 0.1
    assert seconds < 1.6 * 2000 / 12 * 0.2


def test_retry_after_stops_all_and_longer_where_it_is_told_again():
    async def scene(pace, clock):
        went = []

        async def call(name):
            assert await pace.enter()
            went.append((name, clock()))
            pace.leave()

        pace.slow_down(0.0, 5.0)
        tasks = [asyncio.ensure_future(call(name)) for name in "ab"]
        await asyncio.sleep(3)
        pace.slow_down(clock(), 7.0)  # while they wait already
        pace.slow_down(clock(), 1.0)  # a shorter one does not open it
        tasks.append(asyncio.ensure_future(call("c")))
        await asyncio.gather(*tasks)
        return went

    assert played(scene) == [("a", 10.0), ("b", 10.0), ("c", 10.0)]


def test_a_pause_beyond_the_deadline_is_told_at_the_deadline_and_blocks_nobody():
    async def scene(pace, clock):
        pace.slow_down(0.0, 5.0)
        late = asyncio.ensure_future(pace.enter(until=2.0))
        await settled()
        busy = pace._busy
        return busy, await late, clock()

    assert played(scene, most=1) == (0, False, 2.0)


# --- tries after the first ------------------------------------------------------------------------


def test_the_share_of_retries():
    pace = Pace(4, Limits(retry_share=0.5), clock=lambda: 0.0, sleep=asyncio.sleep)
    assert [pace.may_retry() for _ in range(25)] == [True] * 20 + [False] * 5
    pace.num_calls = 10
    assert [pace.may_retry() for _ in range(8)] == [True] * 5 + [False] * 3
    assert pace.num_retries == 25


def test_without_a_share_there_is_no_end_of_retries():
    pace = Pace(4, Limits(), clock=lambda: 0.0, sleep=asyncio.sleep)
    assert all(pace.may_retry() for _ in range(1000))
