"""Where things lie, whatever folder a command is given in."""

from pathlib import Path

MODELS = Path(__file__).parent
CONFIGS, BUNDLES, RUNS = MODELS / "configs", MODELS / "bundles", MODELS / "runs"
DOCS = MODELS.parent / "docs"
RESULTS = DOCS / "results"
