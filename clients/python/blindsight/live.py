"""Results and events as a broker sends them, with paho-mqtt."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from urllib.parse import urlsplit

from .results import Message


def follow(
    broker: str = "mqtt://127.0.0.1:1883",
    *,
    dev: str = "+",
    base: str = "blindsight",
    kinds: tuple[str, ...] = ("cls", "seg", "evt"),
    username: str | None = None,
    password: str | None = None,
    limit: int = 10_000,
) -> Iterator[Message]:
    """For ever, coming back by itself after an outage.

    What is published while the connection is away is lost here: who must have everything takes `blindsight subscribe --json`, which
    tells what is missing, or a collector. Who reads so slowly that `limit` messages wait gets a BufferError.
    """
    from paho.mqtt import client as mqtt

    place = urlsplit(broker)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    if username is not None:
        client.username_pw_set(username, password)
    if place.scheme == "mqtts":
        client.tls_set()
    waiting: queue.Queue = queue.Queue(limit)
    ended: list[Exception] = []

    def put(message):
        try:
            waiting.put_nowait(message)
        except queue.Full:
            ended.append(BufferError(f"{broker}: over {limit} messages wait to be read"))

    def connected(client, _data, _flags, reason, _properties):
        if reason.is_failure:
            put(ConnectionError(f"{broker}: {reason}"))
            return
        client.subscribe([(f"{base}/v1/{dev}/{branch}/+/{kind}", 1) for branch in ("cam", "hist") for kind in kinds])

    def came(_client, _data, message):
        put(json.loads(message.payload))

    client.on_connect, client.on_message = connected, came
    client.connect(place.hostname or "127.0.0.1", place.port or (8883 if place.scheme == "mqtts" else 1883))
    client.loop_start()
    try:
        while True:
            message = ended[0] if ended else waiting.get()
            if isinstance(message, Exception):
                raise message
            yield message
    finally:
        client.disconnect()
        client.loop_stop()
