import io
import json

import pytest

from blindsight import dataframe, follow, mask, read_lines, read_store, rows
from setting import made

CLS = {
    "v": 1, "dev": "gate-1", "cam": "street", "boot": "0" * 16, "seq": 7, "ts": "2026-05-01T08:00:00.000Z", "motion": 0.25,
    "lat": {"shape": [2, 2, 4], "bpp": 0.3}, "model": {"id": "tiny"}, "bits": {"ref": "street/0/7"}, "hist": False,
    "cls": [{"id": "bus", "label": "bus", "p": 0.7}, {"id": "dog", "label": "dog", "p": 0.2}],
}  # fmt: skip
SEG = {**CLS, "seg": {"w": 3, "h": 2, "classes": [{"id": 1, "label": "car", "frac": 0.5}], "mask": {"enc": "rle", "data": [0, 2, 1, 4]}}}
del SEG["cls"]
EVENT = {
    "v": 1, "dev": "gate-1", "cam": "street", "boot": "0" * 16, "seq": 9, "ts": "2026-05-01T08:00:12.400Z", "id": "street-1",
    "phase": "end", "class": "person", "label": "person", "zone": None, "since": "2026-05-01T08:00:00Z",
    "until": "2026-05-01T08:00:12.400Z", "peak": {"p": 0.9, "share": 0.1, "ts": "2026-05-01T08:00:00Z"}, "hist": False,
}  # fmt: skip


def test_lines_to_a_dataframe():
    lines = io.StringIO("".join(f"{json.dumps(message)}\n" for message in (CLS, SEG, EVENT)))
    table = dataframe(read_lines(lines))
    assert list(table.kind) == ["cls", "seg", "evt"]
    assert (table.tag_bus[0], table.share_car[1], table["class"][2]) == (0.7, 0.5, "person")
    assert str(table.time.dtype) == "datetime64[us, UTC]" or str(table.time.dtype).endswith("UTC]")
    assert (table.until[2] - table.since[2]).total_seconds() == 12.4


def test_no_pandas_is_needed_for_rows():
    (row,) = rows([CLS])
    assert (row["dev"], row["seq"], row["bpp"], row["motion"], row["tag_dog"]) == ("gate-1", 7, 0.3, 0.25, 0.2)


def test_a_line_that_is_none_is_named():
    for wrong in ("no json", '{"v": 1}', "[]"):
        with pytest.raises(ValueError, match="line 2 "):
            list(read_lines([json.dumps(CLS), wrong]))


def test_a_mask():
    assert mask(SEG).tolist() == [[0, 0, 1], [1, 1, 1]]
    with pytest.raises(ValueError, match="5 places"):
        mask({**SEG, "seg": {**SEG["seg"], "mask": {"enc": "rle", "data": [0, 1, 1, 4]}}})


def test_a_store_of_the_collector():
    store = made("fleet.sqlite")
    table = dataframe(read_store(store))
    assert (len(table), list(table.seq)) == (5, [0, 1, 2, 3, 4])
    assert table.tag_n2.tolist() == [0.7] * 5
    assert [message["seq"] for message in read_store(store, since="2026-05-01T08:00:03.000Z", until="2026-05-01T08:00:04.000Z")] == [3]
    assert list(read_store(store, dev="gate-1", cam="yard")) == []
    (event,) = read_store(store, events=True)
    assert (event["id"], event["phase"]) == ("street-1", "end")
    with pytest.raises(FileNotFoundError):
        list(read_store(store.parent / "none.sqlite"))


def test_live():
    messages = follow(made("broker").read_text(), base="fleet")
    found = [next(messages), next(messages)]
    messages.close()
    assert {message["seq"] for message in found} == {1, 2}
