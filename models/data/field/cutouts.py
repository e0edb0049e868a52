"""Objects cut out along their masks, and things that are none of the tags, cut out of photographs in some outline."""

import numpy as np
from PIL import Image, ImageFilter

from data.field.labels import IGNORE, MASK_OF_TAG, TAG, TAGS, THINGS

LEAST = 26  # pixels high: smaller ones have no outline worth pasting
# Of a cut-out's box and of the object's own that the mask has to fill: masks that hold less are mostly unsure.
LEAST_FILLED, LEAST_OWN = 0.25, 0.22
TWO_WHEELERS = (TAG["bicycle"], TAG["motorcycle"])
# How often each is pasted; what the pictures show seldom comes often.
WEIGHTS = {"person": 3.0, "bicycle": 2.0, "motorcycle": 2.0, "car": 2.2, "bus": 1.3, "truck": 2.2, "dog": 0.8, "cat": 0.7}


class Cutout:
    """rgb uint8 [h,w,3], alpha float [h,w] in 0..1, mask uint8 [h,w], ids of MASK; boxes [(xyxy in 0..1, tag)]; turns: seen from above, so any way
    round is right"""

    def __init__(self, rgb, alpha, mask, boxes, turns):
        self.rgb, self.alpha, self.mask, self.boxes, self.turns = rgb, alpha, mask, boxes, turns


def collect(pictures):
    """-> {tag: [Cutout]} of training pictures; a two-wheeler comes with its rider, who is not cut out alone."""
    found = {tag: [] for tag in range(len(TAGS))}
    for picture in pictures:
        large = [(b, tag) for b, tag, _ in picture.boxes if tag is not None and b[3] - b[1] >= LEAST and b[2] - b[0] >= LEAST * 0.4]
        if not large:
            continue
        rgb, mask = picture.rgb(), picture.mask()
        for b, tag in large:
            if cut := cut_out(picture, rgb, mask, b, tag):
                found[tag].append(cut)
    return found


def cut_out(picture, rgb, mask, b, tag):
    """The object in box b; None where the picture's edge cuts it, it is half of a rider, or its mask is unsure."""
    h, w = mask.shape
    if TAGS[tag] not in ("bus", "truck") and (b[0] < 2 or b[1] < 2 or b[2] > w - 2 or b[3] > h - 2):
        return None
    if TAGS[tag] == "person" and any(t in TWO_WHEELERS and overlap(other, b) > 0.2 for other, t, _ in picture.boxes):
        return None
    boxes, (x0, y0, x1, y1) = [(b, tag)], b
    if tag in TWO_WHEELERS:
        for other, t, _ in picture.boxes:  # who sits on it
            inside = min(x1, other[2]) - max(x0, other[0])
            if t == TAG["person"] and inside > 0.6 * (other[2] - other[0]) and other[1] < y1 and y0 < other[3] < y1 + 0.1 * (y1 - y0):
                x0, y0, x1 = min(x0, other[0]), min(y0, other[1]), max(x1, other[2])
                boxes.append((other, t))
    x0, y0, x1, y1 = (int(max(0, x0 - 1)), int(max(0, y0 - 1)), int(min(w, x1 + 2)), int(min(h, y1 + 2)))
    part, own = mask[y0:y1, x0:x1], MASK_OF_TAG[TAGS[tag]]
    inside = np.isin(part, [MASK_OF_TAG[TAGS[t]] for _, t in boxes])
    if inside.mean() < LEAST_FILLED or (part == own).sum() < LEAST_OWN * (b[2] - b[0]) * (b[3] - b[1]):
        return None
    # The rim is unsure; half of it belongs to the thing.
    soft = Image.fromarray((inside * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.GaussianBlur(0.8))
    alpha = np.asarray(soft) / 255.0 * (inside | (part == IGNORE))
    size = np.array([x1 - x0, y1 - y0] * 2)
    ids = np.where(np.isin(part, range(1, len(THINGS))), part, own)
    boxes = [((box - [x0, y0, x0, y0]) / size, t) for box, t in boxes]
    return Cutout(rgb[y0:y1, x0:x1].copy(), alpha.astype(np.float32), ids, boxes, picture.set == "topview-vehicles")


def overlap(a, b):
    """Share of the smaller box that lies in the other."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0, w) * max(0, h) / max(1e-6, min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])))


def distractor(textures, rng):
    """A thing that is none of the tags: a piece of a photograph in some outline."""
    image = textures[rng.integers(len(textures))]
    h, w = image.shape[:2]
    ch, cw = int(rng.uniform(0.3, 0.9) * h), int(rng.uniform(0.25, 0.9) * w)
    y, x = rng.integers(h - ch), rng.integers(w - cw)
    rgb = image[y : y + ch, x : x + cw]
    yy, xx = np.mgrid[-1 : 1 : ch * 1j, -1 : 1 : cw * 1j]
    power = rng.choice([1.2, 2.0, 4.0, 8.0])
    angle, squeeze = rng.uniform(0, np.pi), rng.uniform(0.6, 1.0)
    u, v = xx * np.cos(angle) + yy * np.sin(angle), (-xx * np.sin(angle) + yy * np.cos(angle)) / squeeze
    wobble = 1 + 0.25 * np.sin(3 * np.arctan2(v, u) + rng.uniform(0, 6)) * rng.random()
    alpha = (np.abs(u) ** power + np.abs(v) ** power < wobble * 0.9).astype(np.float32)
    return Cutout(rgb, alpha, np.zeros((ch, cw), np.uint8), [], True)
