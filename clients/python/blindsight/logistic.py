"""Stretched probabilities (codec/FORMAT.md)."""

_K = (
    2, 4, 8, 16, 30, 57, 109, 206, 389, 734, 1379, 2567, 4703, 8380, 14257, 22626, 32768, 42910, 51279, 57156, 60833,
    62969, 64157, 64802, 65147, 65330, 65427, 65479, 65506, 65520, 65528, 65532, 65534,
)  # fmt: skip


def squash(x: int) -> int:
    i = x + 2048
    k = i >> 7
    return _K[k] + (((_K[k + 1] - _K[k]) * (i % 128)) >> 7)


# By x + 2047.
SQUASH = [squash(x) for x in range(-2047, 2048)]


def _stretched() -> list[int]:
    table, x = [], -2047
    for q in range(4096):
        while x < 2047 and squash(x) >> 4 < q:
            x += 1
        table.append(x)
    return table


# By the 12 highest bits of a probability.
STRETCH = _stretched()
