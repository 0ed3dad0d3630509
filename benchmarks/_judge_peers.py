"""How others ask a chat server, for `judge_client` and `judge_faults`, as their examples do it.

``python benchmarks/_judge_peers.py CLIENT URL PROMPTS IN_FLIGHT WARM TIMEOUT_S`` asks the prompts
of a JSONL file (the first WARM of them before the clock starts), reads [[A]] or [[B]] from the text
with one expression, keeps no journal, and prints JSON. It imports no plaudit, so that it also runs
in an environment that has the clients only.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

__all__ = ["CLIENTS", "main"]

Ask = Callable[[list[dict[str, str]]], Awaitable[Any]]
_VERDICT = re.compile(r"\[\[([AB])\]\]")
_SAMPLING = {"temperature": 0.0, "top_p": 1.0, "max_tokens": 64}


async def openai(url: str, timeout_s: float) -> tuple[Ask, Any]:
    """The official client, as it comes (httpx, two retries)."""
    from openai import AsyncOpenAI  # pyright: ignore[reportMissingImports]

    return _through(AsyncOpenAI(base_url=url, api_key="none", timeout=timeout_s))


async def openai_aiohttp(url: str, timeout_s: float) -> tuple[Ask, Any]:
    """The official client over aiohttp."""
    from openai import AsyncOpenAI, DefaultAioHttpClient  # pyright: ignore[reportMissingImports]

    http = DefaultAioHttpClient()
    return _through(AsyncOpenAI(base_url=url, api_key="none", timeout=timeout_s, http_client=http))


def _through(client: Any) -> tuple[Ask, Any]:
    async def ask(messages: list[dict[str, str]]) -> Any:
        done = await client.chat.completions.create(model="judge", messages=messages, **_SAMPLING)
        return done.choices[0].message.content

    return ask, client.close


async def httpx(url: str, timeout_s: float) -> tuple[Ask, Any]:
    """A worker pool over httpx, no retries."""
    import httpx  # pyright: ignore[reportMissingImports]

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(timeout=timeout_s, limits=limits)

    async def ask(messages: list[dict[str, str]]) -> Any:
        reply = await client.post(f"{url}/chat/completions", json=_body(messages))
        reply.raise_for_status()
        return reply.json()["choices"][0]["message"]["content"]

    return ask, client.aclose


async def aiohttp(url: str, timeout_s: float) -> tuple[Ask, Any]:
    """A worker pool over aiohttp, no retries: nearly the least that Python does for a call."""
    import aiohttp

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(timeout_s)
    )

    async def ask(messages: list[dict[str, str]]) -> Any:
        async with session.post(f"{url}/chat/completions", json=_body(messages)) as reply:
            reply.raise_for_status()
            return (await reply.json())["choices"][0]["message"]["content"]

    return ask, session.close


async def litellm(url: str, timeout_s: float) -> tuple[Ask, Any]:
    """litellm, with two retries."""
    import litellm  # pyright: ignore[reportMissingImports]

    async def ask(messages: list[dict[str, str]]) -> Any:
        done: Any = await litellm.acompletion(
            model="openai/judge", api_base=url, api_key="none", messages=messages,
            timeout=timeout_s, num_retries=2, **_SAMPLING,
        )  # fmt: skip
        return done.choices[0].message.content

    return ask, _nothing


async def _nothing() -> None:
    pass


def _body(messages: list[dict[str, str]]) -> dict[str, Any]:
    return {"model": "judge", "messages": messages, **_SAMPLING}


CLIENTS: dict[str, Callable[[str, float], Awaitable[tuple[Ask, Any]]]] = {
    "aiohttp": aiohttp,
    "openai": openai,
    "openai over aiohttp": openai_aiohttp,
    "httpx": httpx,
    "litellm": litellm,
}


async def _all(ask: Ask, prompts: Sequence[list[dict[str, str]]], in_flight: int) -> list[Any]:
    """What became of each prompt; the workers share one line."""
    verdicts: list[Any] = [None] * len(prompts)
    line = iter(enumerate(prompts))

    async def work() -> None:
        for place, messages in line:
            try:
                verdicts[place] = _VERDICT.findall(await ask(messages) or "")[-1]
            except Exception as error:  # whatever a client raises is what its user gets
                verdicts[place] = error

    await asyncio.gather(*(work() for _ in range(in_flight)))
    return verdicts


async def _measured(client: str, url: str, path: str, in_flight: int, warm: int, timeout_s: float):
    with open(path, encoding="utf-8") as lines:
        prompts = [json.loads(line) for line in lines]
    ask, close = await CLIENTS[client](url, timeout_s)
    await _all(ask, prompts[:warm], in_flight)
    cpu, wall = sum(os.times()[:2]), time.perf_counter()
    verdicts = await _all(ask, prompts[warm:], in_flight)
    wall, cpu = time.perf_counter() - wall, sum(os.times()[:2]) - cpu
    await close()
    return {
        "judged": sum(isinstance(one, str) for one in verdicts),
        "lost": sum(not isinstance(one, str) for one in verdicts),
        "wall_s": wall,
        "cpu_s": cpu,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main(argv: Sequence[str]) -> int:
    """Prints what one client came to."""
    client, url, path, in_flight, warm, timeout_s = argv
    measurement = _measured(client, url, path, int(in_flight), int(warm), float(timeout_s))
    print(json.dumps(asyncio.run(measurement)))
    return 0


if __name__ == "__main__":
    sys.path.pop(0)  # this folder holds modules named as the clients' own dependencies may be
    sys.exit(main(sys.argv[1:]))
