"""What docs/background/results.md is made of: docs/results/*.json, which training and the programs of rows 6 to 8 have written."""

import json
import tomllib

from places import CONFIGS, RESULTS, RUNS

REPORTS = RUNS / "paper"


def configured(row):
    return [run["name"] for run in tomllib.loads((CONFIGS / f"row-{row}.toml").read_text())["runs"]]


def read(name):
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def collect():
    """The reports of finished runs of rows 1 to 5, into one small file that git keeps. Smoke runs and what stands on weights that
    were trained again since are left out."""
    known = read("systems") or {}
    for path in sorted(REPORTS.glob("*.json")):
        report = json.loads(path.read_text())
        if report["limit"] is None:
            known[path.stem] = report
    names = {name for row in range(1, 6) for name in configured(row)}
    while stale := [n for n, r in known.items() if n not in names or any(known.get(k, {}).get("made") != made for k, made in r.get("upstream", {}).items())]:
        print(f"left out, since they stand on other weights than those of now, or on none: {', '.join(stale)}")
        for name in stale:
            del known[name]
    if known:
        RESULTS.mkdir(exist_ok=True)
        ordered = dict(sorted(known.items(), key=lambda item: (item[1]["row"], item[0])))
        (RESULTS / "systems.json").write_text(json.dumps(ordered, indent=2) + "\n")
