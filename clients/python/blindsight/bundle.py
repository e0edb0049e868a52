"""Bundles: the files that the agent coded with (contract/bundle.ts), found by the hash that a frame names."""

from __future__ import annotations

import hashlib
import json
from os import PathLike
from pathlib import Path

from .decoder import Decoder
from .errors import BundleError
from .model import Model
from .records import Frame


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


class Bundle:
    """One folder: manifest.json, entropy.json, context.bin, and decoder/decoder.onnx where pictures may be made."""

    def __init__(self, directory: str | PathLike):
        self.dir = Path(directory)
        try:
            manifest = (self.dir / "manifest.json").read_bytes()
            self.manifest = json.loads(manifest)
            latent = self.manifest["latent"]
            self.channels, self.levels = latent["channels"], latent["levels"]
            self._files = self.manifest["files"]
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise BundleError(f"{self.dir}: is no bundle ({cause}); copy the bundle again") from cause
        self.hash = _short(manifest)
        self.hashes = [self.hash, *(other[:16] for other in self.manifest.get("replaces", []))]
        self._model: tuple[Model, str] | None = None

    def path(self, name: str) -> Path:
        """Of a file whose size and SHA-256 are those of the manifest."""
        self.read(name)
        return self.dir / name

    def read(self, name: str) -> bytes:
        try:
            data, listed = (self.dir / name).read_bytes(), self._files[name]
        except OSError as cause:
            raise BundleError(f"{self.dir / name}: cannot be read ({cause.strerror}); copy the whole bundle") from cause
        except KeyError as cause:
            raise BundleError(f"{self.dir}/manifest.json: does not list {name}") from cause
        if len(data) != listed["bytes"] or hashlib.sha256(data).hexdigest() != listed["sha256"]:
            raise BundleError(f"{self.dir / name}: is damaged or of another bundle; copy the bundle again")
        return data

    def decoder(self) -> Decoder:
        """A new one; the context model, seconds of work, is read once."""
        entropy = self.read("entropy.json")
        if self._model is None and "context.bin" in self._files:
            context = self.read("context.bin")
            self._model = (Model(context), _short(context))
        return Decoder(json.loads(entropy), _short(entropy), *(self._model or ()))


class Bundles:
    """A folder of bundles."""

    def __init__(self, directory: str | PathLike):
        self.dir = Path(directory)
        self._opened: dict[str, Bundle] = {}
        for manifest in sorted(self.dir.glob("*/manifest.json")):
            bundle = Bundle(manifest.parent)
            for name in bundle.hashes:
                self._opened[name] = bundle

    def find(self, frame: Frame) -> Bundle:
        bundle = self._opened.get(frame.bundle)
        if bundle is None:
            what = "copy the bundle whose manifest.json has a SHA-256 that begins so"
            raise BundleError(f"no bundle {frame.bundle} in {self.dir}: {what}")
        return bundle
