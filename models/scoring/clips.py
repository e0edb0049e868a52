"""The field network on clips with truth files (shared/field-clips/README.md): is a class there, per half second. Each half second is judged for itself;
what the agent makes of them is `blindsight eval --clips`."""

import json
import subprocess

import numpy as np

from data.field.labels import TAG
from data.pictures import DataError

HEIGHT = 256  # of the frames looked at; their width is the multiple of 16 nearest to the clip's shape
GROUPS = {"person": ["person"], "car": ["car"], "two_wheeler": ["bicycle", "motorcycle"], "large_vehicle": ["bus", "truck"], "animal": ["dog", "cat"]}


class Row:
    """One class in one clip. scores, there, small [N]: of the half seconds whose truth is sure."""

    def __init__(self, clip, name, scores, there, small):
        self.clip, self.name, self.scores, self.there, self.small = clip, name, scores, there, small

    def __str__(self):
        """Medians of the scores while it is there and while it is not, the latter's highest."""
        median = lambda scores: np.median(scores) if len(scores) else float("nan")
        yes, no = self.scores[self.there], self.scores[~self.there]
        return (
            f"{self.clip:32s}{self.name:15s} there {self.there.mean():.2f} n {len(self.there):3d}  score there {median(yes):.2f}  "
            f"elsewhere median {median(no):.2f} max {no.max() if len(no) else float('nan'):.2f}"
        )


def clip_rows(answer, encode, folders):
    """folders: of truth files, then further ones of clips"""
    rows = []
    for truth_file in sorted(folders[0].glob("*.json")):
        truth = json.loads(truth_file.read_text())
        path = next((folder / truth["clip"] for folder in folders if (folder / truth["clip"]).exists()), None)
        if path is None:
            raise DataError(f"{truth_file}: its clip {truth['clip']} is in none of {', '.join(map(str, folders))}; name its folder after --clips as well")
        pictures = frames(path)
        found = np.concatenate([answer(encode(pictures[f["frame"]][None]))[0] for f in truth["frames"]])
        for name, tags in GROUPS.items():
            sure = [i for i, f in enumerate(truth["frames"]) if name not in f.get("unsure", [])]
            of_sure = lambda say: np.array([say(truth["frames"][i]) for i in sure], bool)
            scores = found[sure][:, [TAG[tag] for tag in tags]].max(1)
            rows.append(Row(truth_file.stem, name, scores, of_sure(lambda f: f.get(name, False)), of_sure(lambda f: name in f.get("small", []))))
    return rows


def frames(path):
    """-> uint8 [N,256,W,3], every frame of the clip"""
    asked = ["-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0"]
    w, h = map(int, run("ffprobe", "-v", "error", *asked, str(path)).split(b","))
    width = max(16, round(HEIGHT * w / h / 16) * 16)
    scaled = ["-vf", f"scale={width}:{HEIGHT}:flags=area", "-pix_fmt", "rgb24", "-f", "rawvideo", "-fps_mode", "passthrough", "-"]
    return np.frombuffer(run("ffmpeg", "-v", "error", "-i", str(path), *scaled), np.uint8).reshape(-1, HEIGHT, width, 3)


def run(*command):
    return subprocess.run(command, capture_output=True, check=True).stdout


def best_thresholds(rows):
    """Per class, objects of at least 16 px of height: the best F1 over all thresholds and where it is, what is false there, and F1 at 0.5."""
    found = {}
    for name in GROUPS:
        mine = [row for row in rows if row.name == name]
        small = np.concatenate([row.small for row in mine])
        scores, there = (np.concatenate([getattr(row, key) for row in mine])[~small] for key in ("scores", "there"))
        f1, threshold = max((f1_at(scores, there, t), t) for t in np.linspace(0.02, 0.98, 49))
        found[name] = {
            "f1": round(f1, 3), "at": round(float(threshold), 2), "there": int(there.sum()), "false": int((~there & (scores > threshold)).sum()),
            "empty": int((~there).sum()), "f1_at_half": round(f1_at(scores, there, 0.5), 3),
        }
    return found


def f1_at(scores, there, threshold):
    return f1_of(scores > threshold, there)


def f1_of(said, there):
    return float(2 * (there & said).sum() / max(1, said.sum() + there.sum()))
