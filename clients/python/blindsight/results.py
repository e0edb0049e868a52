"""Results and events: lines of JSON, as `blindsight subscribe --json` prints them, or a collector's SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Any

Message = dict[str, Any]


def read_lines(lines: Iterable[str | bytes]) -> Iterator[Message]:
    """Of an open file or a pipe. A line that is none of ours is an error that names it."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            message = json.loads(line)
            message["v"], message["dev"], message["cam"], message["boot"], message["seq"]
        except (ValueError, KeyError, TypeError) as cause:
            raise ValueError(f"line {number} is no result or event of blindsight: {cause!r}") from cause
        yield message


def read_store(
    file: str | PathLike,
    *,
    dev: str | None = None,
    cam: str | None = None,
    since: str | None = None,
    until: str | None = None,
    events: bool = False,
) -> Iterator[Message]:
    """What `blindsight collect` has kept in SQLite, by time: results, or events as their latest message said them.

    `since` and `until` are UTC, ISO 8601 with Z, like 2026-05-01T08:00:00.000Z. The file is only read, also while a collector writes.
    """
    if not Path(file).is_file():
        raise FileNotFoundError(f"{file}: there is no such store")
    table, time = ("events", "since") if events else ("result", "time")
    wanted = {"dev = ?": dev, "cam = ?": cam, f"{time} >= ?": since, f"{time} < ?": until}
    given = {condition: value for condition, value in wanted.items() if value is not None}
    where = f" WHERE {' AND '.join(given)}" if given else ""
    with closing(sqlite3.connect(f"{Path(file).resolve().as_uri()}?mode=ro", uri=True)) as store:
        for (payload,) in store.execute(f"SELECT payload FROM {table}{where} ORDER BY {time}", list(given.values())):
            yield json.loads(payload)


def rows(messages: Iterable[Message]) -> Iterator[dict[str, Any]]:
    """A flat row each: what it is about, then p of each tag as `tag_<id>`, the share of each class of the mask as `share_<label>`,
    and of an event its class, zone and times."""
    for message in messages:
        kind = "evt" if "phase" in message else "seg" if "seg" in message else "cls"
        row = {"time": message["ts"], "kind": kind, **{name: message[name] for name in ("dev", "cam", "boot", "seq")}}
        if kind == "evt":
            row |= {name: message[name] for name in ("id", "phase", "class", "label", "zone", "since", "until")}
            row |= {"p": message["peak"]["p"], "share": message["peak"]["share"]}
            yield row
            continue
        row |= {"motion": message.get("motion"), "bpp": message["lat"]["bpp"], "model": message["model"]["id"]}
        row |= {"hist": message["hist"], "ref": message["bits"]["ref"]}
        for tag in message.get("cls", ()):
            row[f"tag_{tag['id']}"] = tag["p"]
        for area in message.get("seg", {}).get("classes", ()):
            row[f"share_{area['label']}"] = area["frac"]
        yield row


def dataframe(messages: Iterable[Message]):
    """A pandas DataFrame, its times as UTC timestamps."""
    import pandas

    table = pandas.DataFrame(list(rows(messages)))
    for name in ("time", "since", "until"):
        if name in table:
            table[name] = pandas.to_datetime(table[name], utc=True, format="ISO8601")
    return table


def mask(message: Message):
    """The class ids of a `seg` result, uint8 [rows, columns]."""
    import numpy as np

    seg = message["seg"]
    runs = np.array(seg["mask"]["data"], np.int64).reshape(-1, 2)
    ids = np.repeat(runs[:, 0], runs[:, 1])
    if ids.size != seg["w"] * seg["h"]:
        raise ValueError(f"the mask has {ids.size} places, expected {seg['w']}x{seg['h']}")
    return ids.astype(np.uint8).reshape(seg["h"], seg["w"])
