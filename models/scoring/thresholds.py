"""From which score on a tag counts as there: what does best on validation pictures and clips together."""

import numpy as np

from data.field.labels import IGNORE, TAG
from scoring.clips import GROUPS, f1_at

# What may be false of the half seconds in which a clip shows nothing of the kind.
FALSE_SHARE = {"person": 0.01, "car": 0.01, "two_wheeler": 0.03, "large_vehicle": 0.03, "animal": 0.01}
LEAVE = 0.7  # of `enter`: what is there stays while it is less sure
CANDIDATES = np.round(np.arange(0.06, 0.95, 0.02), 2)


def thresholds(scores, truths, rows):
    """scores, truths [P,T] as of scoring.field.said, rows of scoring.clips.clip_rows -> {tag: {enter, leave}}, {group: figures}

    Tags of a group have one threshold: clips tell them not apart. Clips alone have no large two-wheeler, pictures alone no scene that stays empty.
    """
    found, figures = {}, {}
    for group, tags in {**GROUPS, "animal": ["dog", "cat"]}.items():
        mine = [row for row in rows if row.name == group]
        clip_scores, there = ((np.concatenate([getattr(row, key)[~row.small] for row in mine]) if mine else np.zeros(0, kind)) for key, kind in (("scores", float), ("there", bool)))
        options = [at(t, [TAG[tag] for tag in tags], scores, truths, clip_scores, there) for t in CANDIDATES]
        quiet = [o for o in options if o["clips_false_share"] <= FALSE_SHARE[group]]
        best = max(quiet, key=lambda o: o["f1"]) if quiet else min(options, key=lambda o: o["clips_false_share"])
        figures[group] = best
        found.update({tag: {"enter": best["enter"], "leave": round(best["enter"] * LEAVE, 3)} for tag in tags})
    return found, figures


def at(threshold, columns, scores, truths, clip_scores, there):
    known = [truths[:, c] != IGNORE for c in columns]
    pictures = float(np.mean([f1_at(scores[k, c], truths[k, c] == 1, threshold) for k, c in zip(known, columns)]))
    parts, empty = {"pictures_f1": round(pictures, 3)}, clip_scores[~there]
    if there.any():
        parts["clips_f1"] = round(f1_at(clip_scores, there, threshold), 3)
    false = float((empty > threshold).mean()) if len(empty) else 0.0
    return {"enter": float(threshold), "f1": round(float(np.mean(list(parts.values()))), 4), **parts, "clips_false_share": round(false, 4)}
