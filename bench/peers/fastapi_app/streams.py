"""Who is connected, and what is sent to them; Redis carries events between processes."""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

from fastapi import FastAPI, WebSocket
from redis.asyncio import Redis

from .schemas import TaskPublic

CHANNEL = "events"
redis = Redis.from_url(os.environ["REDIS_URL"]) if os.environ.get("REDIS_URL") else None
connections: defaultdict[str, set[WebSocket]] = defaultdict(set)


async def publish(user_id: UUID, action: str, tasks: Iterable[TaskPublic]) -> None:
    """Send an event for each task to all connections of its owner."""
    events = [json.dumps({"action": action, **task.model_dump(mode="json")}) for task in tasks]
    if redis:
        await redis.publish(CHANNEL, json.dumps([str(user_id), events]))
    else:
        await deliver(str(user_id), events)


async def deliver(user_id: str, events: list[str]) -> None:
    """Send events to the connections of this process."""
    for event in events:
        for websocket in tuple(connections.get(user_id, ())):
            await websocket.send_text(event)


async def listen() -> None:
    """Deliver what any process published."""
    assert redis
    async with redis.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        async for message in subscription.listen():
            if message["type"] == "message":
                await deliver(*json.loads(message["data"]))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Listen to Redis while the process serves."""
    listener = asyncio.create_task(listen()) if redis else None
    yield
    if listener:
        listener.cancel()
