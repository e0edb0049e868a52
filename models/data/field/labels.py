"""field.tar's labels and CamVid's masks, as what each says about each tag: there, not there, or open.

A picture's labels are partial: a set names some classes completely and leaves others open (shared/data/field.md). What is open is
ignored in training and scoring, never taken for absent.
"""

import json

import numpy as np

from data.pictures import DataError, pictures_in, read_all, read_rgb
from data.segmentation import CAMVID_CLASSES, VOID, mask_of, read_mask

TAGS = ["person", "bicycle", "motorcycle", "car", "bus", "truck", "dog", "cat"]
THINGS = ["other", "person", "two-wheeler", "car", "large vehicle", "animal"]
SCENE = ["road", "pavement", "building", "vegetation", "sky"]
MASK = THINGS + SCENE
IGNORE = VOID
TAG = {name: i for i, name in enumerate(TAGS)}
# A class of the labels -> the tags it may be; one alone is certain.
MEANS = {
    "person": ["person"], "bicycle": ["bicycle"], "motorcycle": ["motorcycle"], "two_wheeler": ["bicycle", "motorcycle"], "bike": ["bicycle", "motorcycle"],
    "car": ["car"], "bus": ["bus"], "truck": ["truck"], "vehicle": ["car", "bus", "truck"], "dog": ["dog"], "cat": ["cat"],
}
MASK_OF_TAG = {"person": 1, "bicycle": 2, "motorcycle": 2, "car": 3, "bus": 4, "truck": 4, "dog": 5, "cat": 5}
# Where people labelled nothing, the teacher has looked for persons and vehicles; its sets hold no animals that it could have missed in plenty.
TAUGHT = {"clips", "cctv", "city-cameras", "atl-highway", "topview-vehicles"}
CAMERAS = {"clips", "cctv", "atl-highway", "topview-vehicles"}
# A bicyclist of CamVid is a person and a two-wheeler in one.
OF_CAMVID = {
    "sky": "sky", "building": "building", "road": "road", "pavement": "pavement", "tree": "vegetation", "car": "car", "pedestrian": "person",
    "pole": "other", "sign": "other", "fence": "other",
}
CAMVID = np.full(256, IGNORE, np.uint8)
for camvid_class, ours in OF_CAMVID.items():
    CAMVID[CAMVID_CLASSES.index(camvid_class)] = MASK.index(ours)
CAR, PEDESTRIAN, BICYCLIST = (CAMVID_CLASSES.index(name) for name in ("car", "pedestrian", "bicyclist"))


class Picture:
    """One labelled picture.

    boxes: [((x0, y0, x1, y1) in pixels, the tag if it is certain or None, tags that it may be)]; ignored: [box] where nothing is said;
    closed: the tags of which the boxes tell all; by_people: those of them that people have labelled, not the teacher alone;
    camera: whether a fixed camera took it.
    """

    def __init__(self, file, name, source, boxes, ignored, closed, by_people, mask):
        self.file, self.set, self.source = file, name, source
        self.boxes, self.ignored, self.closed, self.by_people, self.mask_file = boxes, ignored, closed, by_people, mask
        self.camera = name in CAMERAS or (name == "city-cameras" and TAG["person"] in closed)
        self.kept = None

    def keep(self):
        """From now on in memory."""
        self.kept = self.rgb(), self.mask()

    def rgb(self):
        """uint8 [H,W,3]"""
        return self.kept[0] if self.kept else read_rgb(self.file)

    def mask(self):
        """uint8 [H,W], ids of MASK or IGNORE"""
        if self.kept:
            return self.kept[1]
        return CAMVID[read_mask(self.mask_file)] if self.set == "camvid" else read_mask(self.mask_file, THINGS, IGNORE)


def load(root, split, limit=None):
    """The pictures of field.tar: train or val."""
    pictures, listing = [], root / "field" / "labels.json"
    if not listing.exists():
        raise DataError(f"{listing}: no such file; unpack field.tar there (shared/data/unpack.sh) or give --data DIR")
    for entry in json.loads(listing.read_text()):
        if entry["split"] != split:
            continue
        width, height, name = entry["width"], entry["height"], entry["set"]
        scale = np.array([width, height, width, height])
        boxes = [parse(b, name, scale) for b in entry["boxes"]]
        riders = [rider(b, scale) for b in entry["boxes"] if b.get("rider")]
        closed = by_people = {TAG[t] for c in entry["labelled"] for t in MEANS[c]}
        if name in TAUGHT and (name != "city-cameras" or "person" in entry["labelled"]):
            closed = set(range(len(TAGS)))
        if name == "dogcat":
            closed = closed | {TAG["bus"], TAG["truck"], TAG["motorcycle"]}
        file, ignored = root / entry["file"], [np.array(b) * scale for b in entry.get("ignore", [])]
        mask = root / "field" / "masks" / name / split / f"{file.stem}.png"
        pictures.append(Picture(file, name, entry["source"], boxes + riders, ignored, closed, by_people, mask))
    return pictures[:limit]


def check(pictures):
    """Reads every picture and mask once: what is broken is known before hours of training, not after."""

    def read(picture):
        picture.rgb()
        picture.mask()

    read_all(pictures, read)


def parse(box, name, scale):
    """-> the box in pixels, its tag if that is certain or None, tags that it may be"""
    tags = MEANS[box["c"]]
    if box["c"] == "vehicle" and box.get("c2") in TAG:
        tags = [box["c2"]]
    if box["c"] == "truck" and name == "city-cameras":
        tags = ["bus", "truck"]
    possible = [TAG[t] for t in tags]
    certain = possible[0] if len(possible) == 1 and not box.get("ignore") else None
    return np.array(box["b"]) * scale, certain, possible


def rider(box, scale):
    """The person on a two-wheeler whose box holds both: its upper part."""
    x0, y0, x1, y1 = np.array(box["b"]) * scale
    return np.array([x0, y0, x1, y0 + 0.6 * (y1 - y0)]), TAG["person"], [TAG["person"]]


def camvid(root, split):
    """Tags from connected regions of the masks: car (buses and lorries are in it, too), person; bicyclists are left open."""
    person, car, bicycle, motorcycle = (TAG[t] for t in ("person", "car", "bicycle", "motorcycle"))
    pictures = []
    for file in pictures_in(root / "camvid" / split / "images"):
        mask_file = mask_of(file)
        ids = read_mask(mask_file)
        boxes = [(b, car, [car]) for b in regions(ids == CAR)] + [(b, person, [person]) for b in regions(ids == PEDESTRIAN)]
        boxes += [(b, None, [bicycle, motorcycle, person]) for b in regions(ids == BICYCLIST)]
        closed = {person, car, TAG["dog"], TAG["cat"]}
        if not (ids == BICYCLIST).any():
            closed |= {bicycle, motorcycle}
        if not (ids == CAR).any():
            closed |= {TAG["bus"], TAG["truck"]}
        pictures.append(Picture(file, "camvid", "camvid", boxes, [], closed, closed, mask_file))
    return pictures


def regions(there, least=40):
    """Boxes of the connected regions (4-neighbourhood) of a boolean [H,W], by flooding runs of rows."""
    parent, runs, above = [], [], []

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for y, row in enumerate(there):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        now = []
        for x0, x1 in edges.reshape(-1, 2):
            i = len(parent)
            parent.append(i)
            runs.append((x0, y, x1, y + 1))
            now.append((x0, x1, i))
            for a0, a1, j in above:
                if a0 < x1 and x0 < a1:
                    parent[root(j)] = root(i)
        above = now
    found = {}
    for i, (x0, y0, x1, y1) in enumerate(runs):
        b = found.setdefault(root(i), [x0, y0, x1, y1, 0])
        b[:] = [min(b[0], x0), min(b[1], y0), max(b[2], x1), max(b[3], y1), b[4] + x1 - x0]
    return [np.array(b[:4], float) for b in found.values() if b[4] >= least]
