import os
import subprocess
import sys

import numpy as np
import pytest

from blindsight import Bundle, BundleError, Bundles, Painter, decode
from setting import BUNDLES, GOLDEN, made


def test_a_picture_is_that_of_the_command_line():
    bundles = Bundles(BUNDLES)
    first = next(decode(GOLDEN / "lean-1-fast-v2.bin", bundles))
    picture = Painter(bundles.find(first.frame)).paint(first)
    assert (picture.shape, picture.dtype) == ((256, 448, 3), np.uint8)
    other = np.fromfile(made("picture.rgb"), np.uint8).reshape(picture.shape)
    assert np.abs(picture.astype(int) - other).max() <= 1


def test_a_bundle_that_is_missing_or_damaged(tmp_path):
    with pytest.raises(BundleError, match="no bundle .* copy the bundle"):
        list(decode(GOLDEN / "lean-1-fast-v2.bin", Bundles(tmp_path)))
    with pytest.raises(BundleError, match="is no bundle"):
        Bundle(tmp_path)
    for file in ("manifest.json", "context.bin"):
        (tmp_path / file).write_bytes((BUNDLES / "lean-1" / file).read_bytes())
    (tmp_path / "entropy.json").write_text("{}")
    with pytest.raises(BundleError, match="entropy.json: is damaged"):
        Bundle(tmp_path).decoder()
    with pytest.raises(BundleError, match="decoder.onnx: cannot be read"):
        Painter(Bundle(tmp_path))


def test_onnxruntime_tells_nobody(tmp_path):
    """It keeps what it would send in the home folder, and stays away from what calls itself CI."""
    hidden = ("CI", "GITHUB_ACTIONS", "XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY")
    env = {name: value for name, value in os.environ.items() if name not in hidden} | {"HOME": str(tmp_path)}
    code = f"from blindsight import Bundle, Painter; Painter(Bundle({str(BUNDLES / 'lean-1')!r}))"
    subprocess.run([sys.executable, "-B", "-c", code], env=env, check=True)
    assert list(tmp_path.iterdir()) == []
