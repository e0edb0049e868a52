"""The README's example is run as it stands there."""

import re

from setting import BUNDLES, GOLDEN, ROOT


def test_the_example(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "clients/python/README.md").read_text(), re.S)
    (tmp_path / "street.bsf").write_bytes((GOLDEN / "lean-1-fast-v2.bin").read_bytes())
    (tmp_path / "models").mkdir()
    (tmp_path / "models/bundles").symlink_to(BUNDLES)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 4 and all(re.match(r"20\d\d-.* \(16, 32, 56\) \(256, 448, 3\)$", line) for line in printed), printed
