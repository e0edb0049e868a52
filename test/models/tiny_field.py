"""Makes what the field network's part of training reads, in the layouts of shared/data/field.md, of coloured shapes, and a clip with its truth:
python tiny_field.py DEST"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models"))
from data.field.named import CLASSES  # noqa: E402

WIDTH, HEIGHT = 352, 240
COLOURS = {"person": (200, 60, 60), "motorcycle": (60, 200, 60), "vehicle": (60, 60, 200), "car": (60, 60, 200), "bus": (200, 200, 60)}
IDS = {"person": 1, "motorcycle": 2, "vehicle": 3, "car": 3, "bus": 4}
rng = np.random.default_rng(7)
root, labels = Path(sys.argv[1]), []


def ground(width=WIDTH, height=HEIGHT):
    coarse = rng.integers(60, 200, (height // 16, width // 16, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.BILINEAR)).copy()


def save(array, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def labelled(name, split, source, background, objects, says, **more):
    """objects: [(class, x0, y0, x1, y1, further keys of the box)]"""
    rgb, mask, boxes = background.copy(), np.zeros((HEIGHT, WIDTH), np.uint8), []
    for c, x0, y0, x1, y1, further in objects:
        rgb[y0:y1, x0:x1], mask[y0:y1, x0:x1] = COLOURS[c], IDS[c]
        boxes.append({"c": c, "b": [x0 / WIDTH, y0 / HEIGHT, x1 / WIDTH, y1 / HEIGHT], "by": "human", **further})
    stem = f"{source}-{len(labels)}"
    save(rgb, root / "field" / name / split / f"{stem}.png")
    save(mask, root / "field" / "masks" / name / split / f"{stem}.png")
    entry = {"file": f"field/{name}/{split}/{stem}.png", "set": name, "split": split, "width": WIDTH, "height": HEIGHT, "source": source}
    labels.append({**entry, "labelled": says, "boxes": boxes, **more})


for split, count in (("train", 10), ("val", 3)):
    yard, road = ground(), ground()
    for i in range(count):  # one camera, a person who walks through, at last nobody
        walker = [("person", 20 + 30 * i, 80, 50 + 30 * i, 160, {})] if i < count - 1 else []
        labelled("cctv", split, f"yard-{split}", yard, walker, ["person"])
        labelled("topview-vehicles", split, "above", road, [("vehicle", 100, 20 + 15 * i, 170, 60 + 15 * i, {"c2": "car"})], ["vehicle"])
    traffic = [("car", 20, 100, 100, 150, {}), ("motorcycle", 150, 60, 190, 160, {"rider": True}), ("bus", 220, 60, 340, 160, {})]
    labelled("highway40", split, "photo", ground(), traffic, ["car", "bus", "motorcycle", "person", "truck"], ignore=[[0.0, 0.0, 0.1, 0.1]])
(root / "field" / "labels.json").write_text(json.dumps(labels))

for i in range(3):
    save(ground(256, 320), root / "photos-256" / f"n0345010{i}_desk.png")
for wnid in ("n02979186", "n03000684", "n03028079", "n03394916", "n03445777", *(wnid for classes in CLASSES.values() for wnid in classes)):
    save(ground(208, 160), root / "imagenet20-160" / "train" / wnid / "0.png")
for split in ("train", "val"):
    save(ground(480, 368), root / "camvid" / split / "images" / "0.png")
    ids = np.repeat(np.arange(12, dtype=np.uint8), 31)[:368, None].repeat(480, axis=1)
    save(ids, root / "camvid" / split / "masks" / "0.png")

(root / "clips").mkdir()
size = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "2", "-i", "-"]
frames = np.stack([ground()] * 4).tobytes()
subprocess.run(["ffmpeg", "-v", "error", *size, "-pix_fmt", "yuv420p", str(root / "clips" / "yard.mp4")], input=frames, check=True)
seen = {"person": True, "car": False, "two_wheeler": False, "large_vehicle": False}
truth = [{"t": 0, "frame": 0, **seen, "unsure": ["car"]}, {"t": 0.5, "frame": 1, **seen}, {"t": 1, "frame": 2, **seen, "person": False}]
(root / "clips" / "yard.json").write_text(json.dumps({"clip": "yard.mp4", "fps_truth": 2, "frames": truth}))
