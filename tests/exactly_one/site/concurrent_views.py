"""Views whose threads, pools and asyncio tasks fail."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpRequest, HttpResponse

from core.errors import PipelineError


def add_up() -> float:
    raise PipelineError("The sums do not add up.")


async def add_up_async() -> float:
    await asyncio.sleep(0)
    return add_up()


def in_a_thread(request: HttpRequest) -> HttpResponse:
    thread = threading.Thread(target=add_up)
    thread.start()
    thread.join()
    return HttpResponse("the thread is gone")


def in_a_pool(request: HttpRequest) -> HttpResponse:
    with ThreadPoolExecutor(2) as pool:
        return HttpResponse(str(pool.submit(add_up).result()))


def in_a_pool_by_map(request: HttpRequest) -> HttpResponse:
    with ThreadPoolExecutor(2) as pool:
        return HttpResponse(str(list(pool.map(lambda _: add_up(), range(3)))))


async def in_a_task(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await asyncio.create_task(add_up_async())))


async def in_a_forgotten_task(request: HttpRequest) -> HttpResponse:
    task = asyncio.create_task(add_up_async())
    await asyncio.wait([task])
    del task
    gc.collect()
    return HttpResponse("nobody asked")


async def in_a_gathering(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await asyncio.gather(add_up_async(), asyncio.sleep(0))))


async def in_a_task_group(request: HttpRequest) -> HttpResponse:
    async with asyncio.TaskGroup() as group:
        group.create_task(add_up_async())
        group.create_task(asyncio.sleep(10))
    return HttpResponse()


async def in_sync_code(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await sync_to_async(add_up)()))


def in_async_code(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(async_to_sync(add_up_async)()))


async def takes_too_long(request: HttpRequest) -> HttpResponse:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(10)
    return HttpResponse()


async def waits_for_ever(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(60)
    return HttpResponse()
