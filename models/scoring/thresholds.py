"""From which score on a tag counts as there: what does best on validation pictures and clips together."""

import numpy as np

from data.field.labels import IGNORE, TAG
from scoring.clips import GROUPS, f1_of

# What may be false of the half seconds in which a clip shows nothing of the kind; more costs five times as much as F1 that is missing: an alarm for
# nothing is what owners switch off.
FALSE_SHARE = {"person": 0.01, "car": 0.01, "two_wheeler": 0.03, "large_vehicle": 0.03, "animal": 0.01}
FALSE_COST = 5
ENTER = np.round(np.arange(0.06, 0.95, 0.02), 2)
# Clips are scored two frames a second here; the agent looks at more, and what one of them finds holds for a while: so much more is asked of a score.
# With 0.06 for large vehicles, too, one frame of a car cut by the picture's edge made an event of one.
MARGIN = {"person": 0.06, "car": 0.06, "two_wheeler": 0.06, "large_vehicle": 0.12, "animal": 0.06}
LEAVE = (0.8, 0.65, 0.5)  # of `enter`: what is there stays while it is less sure


def thresholds(scores, truths, rows):
    """scores, truths [P,T] as of scoring.field.said, rows of scoring.clips.clip_rows -> {tag: {enter, leave}}, {group: figures}

    Tags of a group have one threshold: clips tell them not apart. Clips alone have no large two-wheeler, pictures alone no scene that stays empty.
    """
    found, figures = {}, {}
    for group, tags in GROUPS.items():
        mine = [row for row in rows if row.name == group]
        options = (at(enter, round(enter * part, 3), group, [TAG[tag] for tag in tags], scores, truths, mine) for enter in ENTER for part in LEAVE)
        best = max(options, key=lambda option: option["value"])
        enter = round(min(0.95, best["enter"] + MARGIN[group]), 3)
        leave = round(best["leave"] * enter / best["enter"], 3)
        figures[group] = at(enter, leave, group, [TAG[tag] for tag in tags], scores, truths, mine)
        found.update({tag: {"enter": enter, "leave": leave} for tag in tags})
    return found, figures


def at(enter, leave, group, columns, scores, truths, rows):
    known = [truths[:, c] != IGNORE for c in columns]
    figures = {"pictures_f1": float(np.mean([f1_of(scores[k, c] >= enter, truths[k, c] == 1) for k, c in zip(known, columns)]))}
    said, there = (np.concatenate(parts) if rows else np.zeros(0, bool) for parts in ([stays(row.scores, enter, leave)[~row.small] for row in rows], [row.there[~row.small] for row in rows]))
    if there.any():
        figures["clips_f1"] = f1_of(said, there)
    false = float(said[~there].mean()) if (~there).any() else 0.0
    value = np.mean(list(figures.values())) - FALSE_COST * max(0.0, false - FALSE_SHARE[group])
    if not there.any() and false > FALSE_SHARE[group]:
        value -= 1  # of what no clip shows, all that is said is false
    return {"enter": float(enter), "leave": float(leave), "value": round(float(value), 4), **{k: round(v, 3) for k, v in figures.items()}, "clips_false_share": round(false, 4)}


def stays(scores, enter, leave):
    """Half second after half second: there from `enter` on, until below `leave`."""
    said = np.zeros(len(scores), bool)
    for i, score in enumerate(scores):
        said[i] = score >= (leave if i and said[i - 1] else enter)
    return said
