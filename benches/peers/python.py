"""Python's peers, for scripts/bench: takes the arguments that `peers run` takes, and prints the same line.

Each is used as its documentation says, on one thread with asyncio's own loop, as the Rust clients are on tokio's.
"""

import asyncio
import os
import resource
import ssl
import sys
import time

WARM_UP = 10
PIECE = bytes(64 * 1024)


def main():
    command, kind, peer, url, count, length, at_once = sys.argv[1:]
    assert command == "run"
    plan = Plan(kind, url, int(count), int(length), int(at_once))
    if kind == "cold":
        print(sample(plan, CLIENTS[peer].cold()))
    else:
        asyncio.run(run(CLIENTS[peer], plan))


class Plan:
    def __init__(self, kind, url, count, length, at_once):
        self.kind, self.url, self.count, self.length, self.at_once = kind, url, count, length, at_once
        self.warm_up = count // WARM_UP if at_once == 1 else max(count // WARM_UP, 2 * at_once)
        self.tls = ssl.create_default_context(cafile=os.environ["PEERS_ROOT"]) if url.startswith("https:") else None

    async def make(self, call, count):
        """So many calls, as many at once as there shall be."""
        calls = iter(range(count))

        async def work():
            for _ in calls:
                moved = await call()
                assert moved == self.length, f"the body has {moved} bytes, not {self.length}"

        await asyncio.gather(*(work() for _ in range(min(self.at_once, count))))


async def run(peer, plan):
    async with peer(plan) as client:
        call = {"download": client.download, "upload": client.upload}.get(plan.kind, client.get)
        if plan.warm_up:
            await plan.make(call, 1)
            await plan.make(call, plan.warm_up)
        start = cpu_time(), time.perf_counter()
        await plan.make(call, plan.count)
        print(sample(plan, (cpu_time() - start[0], time.perf_counter() - start[1])))


def sample(plan, times):
    cpu, wall = (seconds * 1e6 / plan.count for seconds in times)
    return f"{cpu:.3f} {wall:.3f} {peak_memory()}"


def cpu_time():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_memory():
    with open("/proc/self/status") as status:
        return next(line.split()[1] for line in status if line.startswith("VmHWM:"))


async def zeros(length):
    while length:
        piece = PIECE[: min(length, len(PIECE))]
        length -= len(piece)
        yield piece


def timed(new):
    start = cpu_time(), time.perf_counter()
    new()
    return cpu_time() - start[0], time.perf_counter() - start[1]


class Httpx:
    def __init__(self, plan):
        import httpx

        self.plan = plan
        limits = httpx.Limits(max_connections=max(plan.at_once, 100), max_keepalive_connections=max(plan.at_once, 100))
        http2 = plan.kind == "http2"
        self.client = httpx.AsyncClient(limits=limits, http1=not http2, http2=http2, verify=plan.tls or True, timeout=60)

    async def __aenter__(self):
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self.client.__aexit__(*error)

    async def get(self):
        return len((await self.client.get(self.plan.url)).content)

    async def download(self):
        length = 0
        async with self.client.stream("GET", self.plan.url) as response:
            async for chunk in response.aiter_bytes():
                length += len(chunk)
        return length

    async def upload(self):
        length = self.plan.length
        headers = {"content-length": str(length)}
        return int((await self.client.post(self.plan.url, content=zeros(length), headers=headers)).text)

    @staticmethod
    def cold():
        import httpx

        return timed(httpx.Client)


class Aiohttp:
    def __init__(self, plan):
        self.plan = plan

    async def __aenter__(self):
        import aiohttp

        connector = aiohttp.TCPConnector(limit=max(self.plan.at_once, 100), ssl=self.plan.tls or True)
        self.session = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(self, *error):
        await self.session.close()

    async def get(self):
        async with self.session.get(self.plan.url) as response:
            return len(await response.read())

    async def download(self):
        length = 0
        async with self.session.get(self.plan.url) as response:
            async for chunk in response.content.iter_any():
                length += len(chunk)
        return length

    async def upload(self):
        length = self.plan.length
        headers = {"content-length": str(length)}
        async with self.session.post(self.plan.url, data=zeros(length), headers=headers) as response:
            return int(await response.text())

    @staticmethod
    def cold():
        import aiohttp

        async def new():
            session = None

            def make():
                nonlocal session
                session = aiohttp.ClientSession()

            times = timed(make)
            await session.close()
            return times

        return asyncio.run(new())


CLIENTS = {"httpx": Httpx, "aiohttp": Aiohttp}

main()
