"""Vehicles built of boxes and painted as a camera high above the ground sees them: no set has cars, vans, lorries and buses from straight above.

Each is a stack of convex solids (a floor and a roof outline at two heights), which a pinhole camera looks at from any side; what is behind or below
is painted first, faces turned away are left out. Sizes are those of vehicles on roads, in metres.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from data.field.cutouts import Cutout
from data.field.labels import MASK_OF_TAG, TAG

PAINTS = [(235, 235, 235), (200, 202, 205), (150, 152, 156), (90, 92, 96), (35, 36, 40), (20, 20, 22), (150, 25, 30), (30, 50, 110), (95, 140, 150), (30, 80, 55), (215, 180, 60)]
BUS_PAINTS = PAINTS + [(190, 25, 25), (20, 90, 170), (240, 150, 40), (60, 150, 90)]
GLASS, RUBBER = (38, 44, 50), (18, 18, 20)
SIZE = 220  # pixels of the longer side as painted; then scaled to what a view asks for
FINE = 2


class Solid:
    """floor, roof: (x0, y0, x1, y1, z), x forwards; inset: (share of each face that is a window, which faces), faces: front back left right top"""

    def __init__(self, floor, roof, paint, windows=(), lamps=False):
        self.floor, self.roof, self.paint, self.windows, self.lamps = floor, roof, paint, windows, lamps

    @property
    def top(self):
        return self.roof[4]

    def span(self, axis):
        """Least and most, 0: forwards, 1: across"""
        return min(self.floor[axis], self.roof[axis]), max(self.floor[axis + 2], self.roof[axis + 2])

    def faces(self):
        """-> {name: four corners float [4,3]}"""
        (ax, ay, bx, by, z), (cx, cy, dx, dy, w) = self.floor, self.roof
        low = {"fl": (bx, ay, z), "fr": (bx, by, z), "bl": (ax, ay, z), "br": (ax, by, z)}
        high = {"fl": (dx, cy, w), "fr": (dx, dy, w), "bl": (cx, cy, w), "br": (cx, dy, w)}
        ring = {"front": ("fl", "fr"), "right": ("fr", "br"), "back": ("br", "bl"), "left": ("bl", "fl")}
        faces = {name: np.array([low[a], low[b], high[b], high[a]]) for name, (a, b) in ring.items()}
        faces["top"] = np.array([high["fl"], high["fr"], high["br"], high["bl"]])
        return faces


def car(rng, paint):
    length, width = rng.uniform(3.7, 4.9), rng.uniform(1.65, 1.9)
    l, w, waist, top = length / 2, width / 2, rng.uniform(0.85, 1.05), rng.uniform(1.4, 1.75)
    body = Solid((-l, -w, l, w, 0.2), (-l * 0.97, -w * 0.95, l * 0.95, w * 0.95, waist), paint, lamps=True)
    back = -l * rng.uniform(0.6, 0.95)  # hatchbacks and estates end at the back, saloons before it
    front = l * rng.uniform(0.3, 0.5)
    cabin = Solid(
        (back, -w * 0.93, front, w * 0.93, waist), (back + rng.uniform(0.15, 0.7), -w * 0.72, front - rng.uniform(0.6, 0.95), w * 0.72, top),
        paint, windows=[("front", 0.9), ("back", rng.uniform(0.7, 0.9)), ("left", 0.8), ("right", 0.8)] + ([("top", rng.uniform(0.35, 0.7))] if rng.random() < 0.25 else []),
    )
    return [body, cabin, *mirrors(front - 0.1, w, waist, paint), *wheels(l, w, 0.32)]


def van(rng, paint):
    length, width, top = rng.uniform(4.6, 6.0), rng.uniform(1.8, 2.05), rng.uniform(1.9, 2.6)
    l, w, bonnet = length / 2, width / 2, rng.uniform(0.7, 1.1)
    nose = Solid((l - bonnet, -w, l, w, 0.25), (l - bonnet, -w * 0.97, l - 0.1, w * 0.95, 1.1), paint, lamps=True)
    hold = Solid((-l, -w, l - bonnet, w, 0.25), (-l, -w * 0.96, l - bonnet, w * 0.96, 1.1), paint, lamps=True)
    upper = Solid((-l, -w * 0.96, l - bonnet * 0.9, w * 0.96, 1.1), (-l + 0.1, -w * 0.88, l - bonnet - 0.6, w * 0.88, top), paint, windows=[("front", 0.85)] + ([("back", 0.5)] if rng.random() < 0.5 else []) + ([("left", 0.5), ("right", 0.5)] if rng.random() < 0.3 else []))
    return [hold, nose, upper, *mirrors(l - bonnet, w, 1.2, RUBBER), *wheels(l, w, 0.35)]


def lorry(rng, paint):
    width, cab, load, high = rng.uniform(2.0, 2.55), rng.uniform(1.6, 2.3), rng.uniform(3.2, 9.5), rng.uniform(2.5, 3.9)
    w, top, gap = width / 2, rng.uniform(2.1, 3.2), rng.uniform(0.1, 0.5)
    l = (cab + gap + load) / 2
    chassis = Solid((-l, -w * 0.8, l - 0.2, w * 0.8, 0.4), (-l, -w * 0.8, l - 0.2, w * 0.8, 0.95), RUBBER)
    front = Solid((l - cab, -w * 0.95, l, w * 0.95, 0.5), (l - cab + 0.1, -w * 0.9, l - 0.25, w * 0.9, top), paint, windows=[("front", 0.6), ("left", 0.35), ("right", 0.35)], lamps=True)
    kind = rng.random()
    colour = paint if rng.random() < 0.3 else [(238, 238, 236), (205, 205, 200), (120, 125, 130), *PAINTS][rng.integers(3 + len(PAINTS))]
    if kind < 0.72:  # a box
        return [chassis, Solid((-l, -w, l - cab - gap, w, 0.9), (-l, -w, l - cab - gap, w, high), colour), front, *mirrors(l - 0.2, w, 1.7, RUBBER), *wheels(l, w, 0.48)]
    hold = high * rng.uniform(0.45, 0.7)
    load_colour = tuple(int(v) for v in rng.integers(60, 170, 3))
    return [chassis, Solid((-l, -w, l - cab - gap, w, 0.9), (-l, -w, l - cab - gap, w, hold), colour, windows=[("top", 0.94, load_colour)]), front, *mirrors(l - 0.2, w, 1.7, RUBBER), *wheels(l, w, 0.48)]


def bus(rng, paint):
    length, width, top = rng.uniform(8, 13), rng.uniform(2.4, 2.6), rng.choice([rng.uniform(2.8, 3.4), 4.3], p=[0.8, 0.2])
    l, w = length / 2, width / 2
    lower = Solid((-l, -w, l, w, 0.35), (-l, -w, l, w, 1.2), paint, lamps=True)
    upper = Solid((-l, -w, l, w, 1.2), (-l + 0.1, -w * 0.97, l - 0.25, w * 0.97, top), paint, windows=[("front", 0.8), ("back", 0.5), ("left", 0.7), ("right", 0.7)])
    parts = [lower, upper, *wheels(l, w, 0.48)]
    for _ in range(rng.integers(0, 4)):  # hatches, air conditioning
        x, sx, sy = rng.uniform(-l + 1, l - 2), rng.uniform(0.4, 2.2), rng.uniform(0.3, 0.9) * w
        shade = tuple(int(v * rng.uniform(0.7, 1.1)) for v in paint)
        parts.append(Solid((x, -sy, x + sx, sy, top), (x + 0.05, -sy, x + sx - 0.05, sy, top + rng.uniform(0.1, 0.3)), tuple(min(255, v) for v in shade)))
    return parts


def mirrors(x, w, z, paint):
    return [Solid((x - 0.15, side - 0.12, x, side + 0.12, z - 0.1), (x - 0.15, side - 0.12, x, side + 0.12, z + 0.1), paint) for side in (-w - 0.12, w + 0.12)]


def wheels(l, w, radius):
    """At the sides, as boxes: from above they are hardly to be seen, from low down they are dark feet."""
    sides = ((-w - 0.04, -w), (w, w + 0.04))
    return [Solid((x - radius, a, x + radius, b, 0.0), (x - radius, a, x + radius, b, 2 * radius), RUBBER) for x in (-l * 0.62, l * 0.64) for a, b in sides]


KINDS = [("car", car, PAINTS, 0.5), ("car", van, PAINTS, 0.15), ("truck", lorry, PAINTS, 0.2), ("bus", bus, BUS_PAINTS, 0.15)]

TAGS_BUILT = ("car", "bus", "truck")


def vehicle(rng, elevation=None, tag=None):
    """-> a Cutout of one, seen from any side, and its height in the picture in metres on the ground. elevation: of the camera above the ground, in degrees;
    without, drawn, mostly steep. tag: its name, or any."""
    kinds = [kind for kind in KINDS if tag in (None, kind[0])]
    shares = np.array([kind[3] for kind in kinds])
    name, build, paints, _ = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
    paint = tuple(int(np.clip(v * rng.uniform(0.85, 1.1), 8, 250)) for v in paints[rng.integers(len(paints))])
    rgb, alpha, metre = painted(build(rng, paint), rng, np.radians(elevation or rng.triangular(28, 75, 90)))
    rows, columns = np.flatnonzero(alpha.max(1) > 0.4), np.flatnonzero(alpha.max(0) > 0.4)
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    mask = np.full(alpha[part].shape, MASK_OF_TAG[name], np.uint8)
    return Cutout(rgb[part], alpha[part], mask, [(np.array([0.0, 0.0, 1.0, 1.0]), TAG[name])], False), (rows[-1] + 1 - rows[0]) / metre


def in_order(solids, first):
    """Each after all that have to be painted before it; where that goes round in a circle, the lowest of them first."""
    left, ordered = sorted(solids, key=lambda solid: solid.floor[4]), []
    while left:
        free = (solid for solid in left if not any(first(other, solid) < 0 for other in left if other is not solid))
        ordered.append(next(free, left[0]))
        left.remove(ordered[-1])
    return ordered


def painted(solids, rng, elevation):
    """-> rgb uint8 [S,S,3], alpha float [S,S], pixels to a metre"""
    far = rng.uniform(9, 40)  # metres to the camera: near ones are seen in strong perspective
    turn = rng.uniform(0, 2 * np.pi) if rng.random() < 0.6 else rng.choice([0.5, 1.5]) * np.pi + rng.normal() * 0.2  # mostly along the way they come or go
    sun = np.array([np.cos(angle := rng.uniform(0, 6.3)), np.sin(angle), rng.uniform(0.6, 2.0)])
    sun, ambient = sun / np.linalg.norm(sun), rng.uniform(0.45, 0.85)
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    eye = np.array([0, -np.cos(elevation), np.sin(elevation)]) * far
    forwards = -eye / far
    right, up = np.array([1.0, 0, 0]), np.cross([1.0, 0, 0], forwards)

    def seen(points):
        rel = points @ spin.T - eye
        return np.stack([rel @ right, -(rel @ up)], -1) / (rel @ forwards)[..., None]

    corners = seen(np.concatenate([face for solid in solids for face in solid.faces().values()]))
    low, high = corners.min(0), corners.max(0)
    size = SIZE * FINE
    scale = 0.94 * size / (high - low).max()
    place = lambda points: [tuple(p) for p in (seen(points) - (low + high) / 2) * scale + size / 2]
    image, outline = Image.new("RGB", (size, size)), Image.new("L", (size, size))
    draw, shape = ImageDraw.Draw(image), ImageDraw.Draw(outline)
    mirrored_sky = rng.uniform(0, 90)

    own = eye @ spin  # the camera as the vehicle sees it

    def first(a, b):
        """< 0: a is painted before b, as it is on the far side of a plane between them or lower; 0: either way."""
        for axis in (0, 1):
            (a0, a1), (b0, b1) = a.span(axis), b.span(axis)
            for low, high, sign in ((a1, b0, -1), (b1, a0, 1)):
                if low <= high + 0.01:
                    if own[axis] >= high:
                        return sign
                    if own[axis] <= low:
                        return -sign
        return -1 if a.top <= b.floor[4] + 0.01 else 1 if b.top <= a.floor[4] + 0.01 else 0

    for solid in in_order(solids, first):
        for name, face in solid.faces().items():
            world = face @ spin.T
            normal = np.cross(world[1] - world[0], world[2] - world[1])
            if name == "top":
                normal = np.array([0, 0, 1.0])
            elif normal @ (world.mean(0) - spin @ [(solid.floor[0] + solid.floor[2]) / 2, 0, world[:, 2].mean()]) < 0:
                normal = -normal
            if normal @ (eye - world.mean(0)) <= 0:
                continue
            light = ambient + (1 - ambient) * max(0.0, normal @ sun / np.linalg.norm(normal)) * 1.3
            shade = lambda colour, more=0: tuple(int(np.clip(v * light + more, 0, 255)) for v in colour)
            draw.polygon(place(face), fill=shade(solid.paint))
            shape.polygon(place(face), fill=255)
            for side, share, *colour in solid.windows:
                if side == name:
                    draw.polygon(place(face.mean(0) + (face - face.mean(0)) * share), fill=shade(colour[0] if colour else GLASS, 0 if colour else mirrored_sky))
            if solid.lamps and name in ("front", "back"):
                for at in (0.12, 0.88):
                    lamp = face[0] + (face[1] - face[0]) * at + (face[3] - face[0]) * 0.65
                    reach = (face[1] - face[0]) * 0.09, (face[3] - face[0]) * 0.16
                    colour = (235, 235, 220) if name == "front" else (170, 20, 20)
                    draw.polygon(place(np.array([lamp - reach[0] - reach[1], lamp + reach[0] - reach[1], lamp + reach[0] + reach[1], lamp - reach[0] + reach[1]])), fill=colour)
    smooth = Image.new("L", (9, 9))
    smooth.putdata([int(v) for v in rng.integers(90, 166, 81)])
    gloss = np.asarray(smooth.resize((SIZE, SIZE), Image.BICUBIC), np.float32) / 128
    rgb = np.asarray(image.resize((SIZE, SIZE), Image.BOX).filter(ImageFilter.GaussianBlur(0.6)), np.float32)
    alpha = np.asarray(outline.resize((SIZE, SIZE), Image.BOX).filter(ImageFilter.GaussianBlur(0.6)), np.float32) / 255
    rgb = np.where(alpha[..., None] > 0, rgb / np.maximum(alpha[..., None], 0.3), 0) * gloss[..., None] ** rng.uniform(0, 0.8)
    return np.clip(rgb, 0, 255).astype(np.uint8), alpha, scale / FINE / far


def asphalt(rng, height, width):
    """Bare ground from above: uint8 [H,W,3], with grain, stains, seams and painted lines."""
    def cloud(cell):
        image = Image.new("L", (width // cell + 3, height // cell + 3))
        image.putdata([int(v) for v in rng.integers(0, 256, image.width * image.height)])
        return np.asarray(image.resize((width, height), Image.BICUBIC), np.float32) / 128 - 1

    grey = np.exp(rng.uniform(np.log(35), np.log(170)))
    x = grey * (1 + cloud(64) * rng.uniform(0, 0.2) + cloud(16) * rng.uniform(0, 0.08) + rng.standard_normal((height, width), np.float32) * rng.uniform(0.01, 0.06))
    x[rng.random((height, width)) < rng.uniform(0, 0.003)] *= 1.7
    image = Image.fromarray(np.clip(x, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    slope, white = rng.uniform(-0.6, 0.6), int(min(250, grey * rng.uniform(1.3, 2.6)))
    for _ in range(rng.integers(0, 5)):
        at, thick = rng.uniform(-0.2, 1.2) * width, int(rng.integers(1, 6))
        colour = white if rng.random() < 0.7 else int(grey * 0.6)
        lean = slope * height if rng.random() < 0.7 else rng.uniform(-2, 2) * width
        ends, dash = np.array([[at, 0], [at + lean, height]]), rng.random() < 0.4
        parts = [(k / 8, (k + 0.5) / 8) for k in range(8)] if dash else [(0, 1)]
        for a, b in parts:
            draw.line([tuple(ends[0] + (ends[1] - ends[0]) * t) for t in (a, b)], fill=colour, width=thick)
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    return np.clip(np.asarray(image, np.float32)[..., None] * rng.uniform(0.93, 1.07, 3), 0, 255).astype(np.uint8)
