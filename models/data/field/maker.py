"""Makes views without end: how often each kind comes, and of what it is made."""

import numpy as np

from data.field import built, labels
from data.field.cutouts import WEIGHTS, collect, distractor
from data.field.degrade import degrade
from data.field.labels import IGNORE, MASK, TAG, TAGS
from data.field.named import named
from data.field.pasting import paste, shelf
from data.field.textures import textures
from data.field.views import HEIGHT, WIDTH, View, mosaic, random_cut
from data.pictures import read_all, read_rgb

# Shares of all views. Half are made of cut-outs and other pasted things, whose labels are sure to the pixel, and many are empty: false alarms were
# what kept an earlier network down.
KINDS = {"camera": 0.26, "photo": 0.20, "whole": 0.08, "street": 0.02, "empty": 0.08, "pasted": 0.18, "above": 0.08, "far": 0.10}
LARGE = (TAG["bus"], TAG["truck"])
VEHICLES = (*LARGE, TAG["car"])
ALL = frozenset(range(len(TAGS)))


class Maker:
    """Of the training pictures under `root`. Its random numbers, `rng`, are the caller's to begin again. keep: all pictures stay in memory
    instead of being read for each view."""

    def __init__(self, root, keep=False):
        self.rng = np.random.default_rng(0)
        train = labels.load(root, "train")
        street = labels.camvid(root, "train") + labels.camvid(root, "val")
        if keep:
            read_all([*train, *street], labels.Picture.keep)
        self.cameras = [p for p in train if p.camera]
        for p in self.cameras:
            if traffic_by_teacher(p):
                p.closed = p.closed - set(LARGE)
        self.empty = [p for p in self.cameras if not p.boxes and not p.ignored]
        self.traffic = [p for p in self.cameras if sum(tag in VEHICLES for _, tag, _ in p.boxes) > 1] or self.cameras
        self.with_large = [p for p in self.cameras if any(tag in LARGE for _, tag, _ in p.boxes)]
        self.photos = [p for p in train if not p.camera]
        self.street = street
        self.cut = collect(train)
        self.weights = np.array([WEIGHTS[t] * bool(self.cut[i]) for i, t in enumerate(TAGS)])
        self.weights /= self.weights.sum()
        self.textures, self.named = textures(root), named(root)
        self.by_source = {}
        for p in self.cameras:
            self.by_source.setdefault((p.set, p.source if p.set == "cctv" else None), []).append(p)
        medians = [median(group) for (name, _), group in self.by_source.items() if name == "cctv" and len(group) >= 9]
        self.medians = [rgb for rgb in medians if rgb is not None]

    def says(self):
        """What views are made of, in words."""
        cuts = ", ".join(f"{tag} {len(self.cut[i])}" for i, tag in enumerate(TAGS))
        return f"{len(self.cameras)} camera pictures ({len(self.empty)} empty), {len(self.photos)} photographs, {len(self.medians)} medians, cut-outs: {cuts}"

    def view(self):
        """-> a View of any kind, degraded"""
        at = np.searchsorted(np.cumsum(list(KINDS.values())), self.rng.random(), side="right")
        kind = list(KINDS)[min(at, len(KINDS) - 1)]
        makers = {"camera": self.camera, "photo": self.photo, "whole": self.whole, "street": self.driver, "empty": self.nobody, "pasted": self.pasted, "above": self.above, "far": self.far}
        view = makers[kind]()
        view.rgb = degrade(view.rgb, self.rng)
        return view

    def camera(self):
        """A piece of a fixed camera's frame. Half by set, so that a large one does not drown the small ones; some for their lorries and buses, which are few."""
        r = self.rng.random()
        if r < 0.15 and self.with_large:
            picture = self.any(self.with_large)
        elif r < 0.55:
            name = self.any(sorted({name for name, _ in self.by_source}))
            picture = self.any([p for key, group in self.by_source.items() if key[0] == name for p in group])
        else:
            picture = self.any(self.cameras)
        view = View.of(picture)
        if picture.set == "topview-vehicles" and self.rng.random() < 0.5:
            for _ in range(self.rng.integers(1, 4)):
                view = view.turned()
        return random_cut(self.mirrored(view), self.rng, (0.75, 1.7))

    def photo(self):
        if self.rng.random() < 0.35:
            return mosaic([View.of(self.any(self.photos)) for _ in range(4)], self.rng)
        return random_cut(self.mirrored(View.of(self.any(self.photos))), self.rng, (0.7, 1.3))

    def whole(self):
        """A photograph of which only what it shows is known, or four."""
        if self.rng.random() < 0.35:
            return mosaic([self.one_named() for _ in range(4)], self.rng)
        return random_cut(self.mirrored(self.one_named()), self.rng, (0.8, 1.5))

    def one_named(self):
        tag = self.any(list(self.named))
        return somewhere_in(read_rgb(self.any(self.named[tag])), tag)

    def driver(self):
        view = View.of(self.any(self.street))
        return random_cut(self.mirrored(view), self.rng, (0.6, 1.4))

    def nobody(self):
        """A background with things on it that are none of the tags."""
        view = self.background()
        if self.rng.random() < 0.35:
            shelf(view, self.textures, self.rng)
        for _ in range(self.rng.integers(0, 6)):
            paste(view, distractor(self.textures, self.rng), self.rng)
        return view

    def pasted(self):
        """A background with cut-outs of about one size, and other things between them."""
        view, rng = self.background(), self.rng
        if rng.random() < 0.15:
            shelf(view, self.textures, rng)
        large = np.exp(rng.uniform(np.log(14), np.log(130)))
        for _ in range(rng.integers(1, 7)):
            tag = rng.choice(len(TAGS), p=self.weights)
            cut = built.vehicle(rng, rng.uniform(12, 55), TAGS[tag])[0] if TAGS[tag] in built.TAGS_BUILT and rng.random() < 0.15 else self.any(self.cut[tag])
            paste(view, cut, rng, np.clip(large * np.exp(rng.normal() * 0.45), 8, 190), edge=0.12)
            if rng.random() < 0.5:
                paste(view, distractor(self.textures, rng), rng, np.clip(large * np.exp(rng.normal() * 0.6), 8, 190))
        return view

    def above(self):
        """Cars, lorries and buses from high above, as large as each is beside the others."""
        rng = self.rng
        if rng.random() < 0.6:
            view = nothing_in(built.asphalt(rng, HEIGHT, WIDTH))
            view.mask[:] = MASK.index("road")
        else:
            view = self.background()
        metre, elevation = np.exp(rng.uniform(np.log(5), np.log(36))), rng.triangular(28, 75, 90)
        if rng.random() < 0.2:
            shelf(view, self.textures, rng)
        for _ in range(rng.integers(1, 3 + int(40 / metre))):
            if rng.random() < 0.25:
                paste(view, distractor(self.textures, rng), rng, np.clip(metre * rng.uniform(0.5, 4), 8, 150))
            cut, height = built.vehicle(rng, float(np.clip(elevation + rng.normal() * 5, 20, 90)))
            paste(view, cut, rng, height * metre, edge=0.25)
        return view

    def far(self):
        """Traffic with small lorries, buses and cars among the others, as a camera on a bridge or a mast sees them far up a road."""
        rng = self.rng
        view = random_cut(self.mirrored(View.of(self.any(self.traffic))), rng, (0.7, 1.5))
        large, elevation = np.exp(rng.uniform(np.log(12), np.log(44))), rng.uniform(6, 35)
        for _ in range(rng.integers(1, 4)):
            tag = rng.choice(VEHICLES, p=(0.25, 0.5, 0.25))
            cut = built.vehicle(rng, elevation, TAGS[tag])[0] if rng.random() < 0.5 or not self.cut[tag] else self.any(self.cut[tag])
            size = large * (0.6 if tag == TAG["car"] else 1.0)
            paste(view, cut, rng, float(np.clip(size * np.exp(rng.normal() * 0.25), 8, 60)))
        return view

    def background(self):
        """Nothing of the tags is in it, or all that is is known."""
        r = self.rng.random()
        if r < 0.3 and self.medians:
            view = nothing_in(self.any(self.medians))
        elif r < 0.62:
            view = View.of(self.any(self.empty))
        elif r < 0.72:  # a texture, far too large: walls, floors, cloth
            view = nothing_in(self.any(self.textures))
            h, w = view.mask.shape
            cw, ch = w * self.rng.uniform(0.15, 0.4), h * self.rng.uniform(0.15, 0.4)
            return view.cut(self.rng.uniform(0, w - cw), self.rng.uniform(0, h - ch), cw, ch, WIDTH, HEIGHT)
        else:
            return self.camera()
        return random_cut(self.mirrored(view), self.rng, (0.72, 2.2))

    def any(self, of):
        return of[self.rng.integers(len(of))]

    def mirrored(self, view):
        return view.mirrored() if self.rng.random() < 0.5 else view


def traffic_by_teacher(picture):
    """Only the teacher has named what is in it, and there are vehicles: it misses lorries far off, and calls some of them cars (field.md)."""
    return not picture.by_people and any(tag in VEHICLES for _, tag, _ in picture.boxes)


def nothing_in(rgb):
    return View(rgb, np.zeros(rgb.shape[:2], np.uint8), [], [], ALL)


def somewhere_in(rgb, tag):
    """Persons and cars may be in it, too."""
    h, w = rgb.shape[:2]
    closed = ALL - {tag, TAG["person"], TAG["car"]}
    return View(rgb, np.full((h, w), IGNORE, np.uint8), [], [], closed, [(np.array([0, 0, w, h], float), tag)])


def median(group):
    """The camera's scene without what moves, uint8 [H,W,3]; None where one stands still in most frames, or the camera or the light moves."""
    frames = [p.rgb() for p in group]
    if len({f.shape for f in frames}) > 1:
        return None
    stack = np.stack(frames)
    still = np.median(stack, 0)
    if np.abs(stack.astype(np.int16) - still).mean() > 12:
        return None
    held = np.zeros(stack.shape[1:3])
    for p in group:
        for b, _, _ in p.boxes:
            x0, y0, x1, y1 = b.astype(int)
            held[y0:y1, x0:x1] += 1 / len(group)
    return None if held.max() > 0.4 else still.astype(np.uint8)
