"""The runs of a row's configuration, and what each stands on."""

import json

from systems.classifier import classifier
from systems.codec import autoencoder
from systems.finished import digest, made
from systems.joint import joint
from systems.segmenter import segmenter


def runs_of(config):
    kinds = {"autoencoder": autoencoder, "classifier": classifier, "segmenter": segmenter, "joint": joint}
    merged = [{**config.get("defaults", {}), **run} for run in config["runs"]]
    return {knobs["name"]: (once(kinds[knobs["kind"]]), knobs) for knobs in merged}


def once(train):
    """Skips a run that has finished before. What a run stands on is part of its configuration: on a codec that was trained again, it is another run."""

    def train_once(run):
        run.upstream = {name: made(run, name) for name in sorted(stands_on(run.knobs))}
        run.config_hash = digest(run.config_hash, run.upstream, run.limit)
        path = run.out / f"{run.part}.json"
        report = json.loads(path.read_text()) if path.exists() else {}
        if report.get("config") == run.config_hash and report["steps"] == report["knobs"]["steps"] == run.knobs.get("steps", report["knobs"]["steps"]):
            print(f"{run.part}: finished before, {path}", flush=True)
        else:
            train(run)

    return train_once


def stands_on(knobs):
    """Names of the runs whose weights a run starts from, looks through or learns from."""
    names = {knobs[key] for key in ("start", "codec", "classifier", "teacher") if key in knobs}
    return names | ({knobs["source"].split(":")[1]} if ":" in knobs.get("source", "") else set())
