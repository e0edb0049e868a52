"""A bundle's folder, whole or not at all: a failed export leaves the old one as it was."""

import contextlib
import shutil
import tempfile
from pathlib import Path


@contextlib.contextmanager
def whole_folder(target):
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as made:
        yield Path(made)
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(made, target)
        target.chmod(0o755)  # a temporary folder is its maker's alone
    size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    print(f"{target}: {size / 1e6:.1f} MB")
