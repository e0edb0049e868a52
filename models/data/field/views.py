"""A view: what a camera might see at 320x192, and what is known of it. Boxes and masks go through every change with the pixels."""

import numpy as np
from PIL import Image

from data.field.labels import IGNORE, TAGS

WIDTH, HEIGHT = 320, 192
CELL, MASK_CELL = 8, 4  # pixels to a side of a position of the map, of the mask
SMALLEST = 7  # pixels high: smaller objects are neither there nor not there
ENOUGH = 0.35  # of an object that a view or a piece of it has cut: with less it is neither there nor not there
MOST_OF = 0.6  # of a region that has to be seen for what is somewhere in it to be seen
FILLED = (110, 110, 110)  # what lies beyond a picture


class View:
    """rgb uint8 [H,W,3], mask uint8 [H,W]; boxes, ignored, closed: as a labelled picture's, in pixels of the view; somewhere: [(region, tag)] of things
    that are in a region, it is not known where."""

    def __init__(self, rgb, mask, boxes, ignored, closed, somewhere=()):
        self.rgb, self.mask, self.boxes, self.ignored, self.closed, self.somewhere = rgb, mask, boxes, ignored, closed, somewhere

    @classmethod
    def of(cls, picture):
        return cls(picture.rgb(), picture.mask(), list(picture.boxes), list(picture.ignored), set(picture.closed))

    def _moved(self, rgb, mask, move):
        boxes, somewhere = [(move(b), c, p) for b, c, p in self.boxes], [(move(b), tag) for b, tag in self.somewhere]
        return View(rgb, mask, boxes, [move(b) for b in self.ignored], self.closed, somewhere)

    def mirrored(self):
        w = self.rgb.shape[1]
        return self._moved(self.rgb[:, ::-1], self.mask[:, ::-1], lambda b: np.array([w - b[2], b[1], w - b[0], b[3]]))

    def turned(self):
        """By 90 degrees, to the left."""
        w = self.rgb.shape[1]
        return self._moved(np.rot90(self.rgb), np.rot90(self.mask), lambda b: np.array([b[1], w - b[2], b[3], w - b[0]]))

    def cut(self, x, y, width, height, out_width, out_height):
        """The rectangle (x, y, width, height), which may reach beyond the picture (grey, ignored there), scaled to out_width x out_height."""
        box, (h, w) = (x, y, x + width, y + height), self.mask.shape
        image, mask = Image.fromarray(np.ascontiguousarray(self.rgb)), Image.fromarray(np.ascontiguousarray(self.mask))
        if x < 0 or y < 0 or box[2] > w or box[3] > h:
            px, py = int(max(0, -x, box[2] - w)) + 2, int(max(0, -y, box[3] - h)) + 2
            size = (w + 2 * px, h + 2 * py)
            wide, wide_mask = Image.new("RGB", size, FILLED), Image.new("L", size, IGNORE)
            wide.paste(image, (px, py))
            wide_mask.paste(mask, (px, py))
            image, mask, box = wide, wide_mask, (box[0] + px, box[1] + py, box[2] + px, box[3] + py)
        rgb = np.asarray(image.resize((out_width, out_height), Image.BOX if width > out_width else Image.BICUBIC, box=box))
        ids = np.asarray(mask.resize((out_width, out_height), Image.NEAREST, box=box))
        sx, sy = out_width / width, out_height / height
        return self._moved(rgb, ids, lambda b: (b - [x, y, x, y]) * [sx, sy, sx, sy])

    def targets(self):
        """-> map uint8 [T,H/8,W/8] (1 the middle of an object, 0 not there, IGNORE open), mask uint8 [H/4,W/4], tags uint8 [T] of the whole view"""
        rows, columns = HEIGHT // CELL, WIDTH // CELL
        maps = np.full((len(TAGS), rows, columns), IGNORE, np.uint8)
        for tag in self.closed:
            maps[tag] = 0
        cy, cx = (np.arange(rows) + 0.5) * CELL, (np.arange(columns) + 0.5) * CELL

        def cells(b):
            return np.ix_((cy > b[1] - CELL / 2) & (cy < b[3] + CELL / 2), (cx > b[0] - CELL / 2) & (cx < b[2] + CELL / 2))

        for b in self.ignored:
            for tag in range(len(TAGS)):
                maps[tag][cells(b)] = IGNORE
        tags = np.where(np.isin(np.arange(len(TAGS)), list(self.closed)), 0, IGNORE).astype(np.uint8)
        if self.ignored:
            tags[:] = IGNORE
        sure = []
        for b, certain, possible in self.boxes:
            seen = np.array([max(b[0], 0), max(b[1], 0), min(b[2], WIDTH), min(b[3], HEIGHT)])
            if seen[2] <= seen[0] or seen[3] <= seen[1]:
                continue
            share = (seen[2] - seen[0]) * (seen[3] - seen[1]) / max(1e-6, (b[2] - b[0]) * (b[3] - b[1]))
            for tag in possible:
                maps[tag][cells(seen)] = IGNORE
                if certain is None:
                    tags[tag] = IGNORE
            if certain is None:
                continue
            if share < ENOUGH or seen[3] - seen[1] < SMALLEST or seen[2] - seen[0] < SMALLEST / 2:
                tags[certain] = IGNORE
                continue
            sure.append((seen, certain))
        for b, tag in self.somewhere:
            seen = np.array([max(b[0], 0), max(b[1], 0), min(b[2], WIDTH), min(b[3], HEIGHT)])
            maps[tag][cells(seen)] = IGNORE
            kept = (seen[2] - seen[0]) * (seen[3] - seen[1]) / ((b[2] - b[0]) * (b[3] - b[1]))
            tags[tag] = 1 if kept > MOST_OF else IGNORE
        for b, certain in sure:
            middle, half = np.array([b[0] + b[2], b[1] + b[3]]) / 2, np.array([b[2] - b[0], b[3] - b[1]]) / 4
            ys, xs = np.abs(cy - middle[1]) <= max(half[1], CELL / 2), np.abs(cx - middle[0]) <= max(half[0], CELL / 2)
            maps[certain][np.ix_(ys, xs)] = 1
            tags[certain] = 1
        return maps, self.mask[MASK_CELL // 2 :: MASK_CELL, MASK_CELL // 2 :: MASK_CELL], tags


def random_cut(view, rng, zoom, stretch=0.12):
    """A 320x192 piece. zoom: (least, most) of view pixels per picture pixel; less than 1 makes things smaller."""
    h, w = view.mask.shape
    z = np.exp(rng.uniform(*np.log(zoom)))
    a = np.exp(rng.uniform(-stretch, stretch))
    width, height = WIDTH / z * a, HEIGHT / z / a
    fit = min(1.0, 1.08 * w / width, 1.08 * h / height)  # little beyond the picture's edge
    width, height = width * fit, height * fit
    x = rng.uniform(min(0, w - width), max(0, w - width)) if width <= w else (w - width) / 2
    y = rng.uniform(min(0, h - height), max(0, h - height)) if height <= h else (h - height) / 2
    return view.cut(x, y, width, height, WIDTH, HEIGHT)


def mosaic(views, rng):
    """Four pieces in one view: photographs' large things become small, and what is beside them changes."""
    x = int(rng.uniform(0.3, 0.7) * WIDTH / 8) * 8
    y = int(rng.uniform(0.3, 0.7) * HEIGHT / 8) * 8
    rgb, mask = np.empty((HEIGHT, WIDTH, 3), np.uint8), np.empty((HEIGHT, WIDTH), np.uint8)
    places = [(0, 0, x, y), (x, 0, WIDTH, y), (0, y, x, HEIGHT), (x, y, WIDTH, HEIGHT)]
    boxes, ignored, somewhere, closed = [], [], [], set(range(len(TAGS)))
    for view, (x0, y0, x1, y1) in zip(views, places):
        h, w = view.mask.shape
        scale = max((x1 - x0) / w, (y1 - y0) / h)
        cw, ch = (x1 - x0) / scale, (y1 - y0) / scale
        part = view.cut(rng.uniform(0, w - cw) if w > cw else 0, rng.uniform(0, h - ch) if h > ch else 0, cw, ch, x1 - x0, y1 - y0)
        rgb[y0:y1, x0:x1], mask[y0:y1, x0:x1] = part.rgb, part.mask
        for b, c, p in part.boxes:
            seen = np.clip(b, [0, 0, 0, 0], [x1 - x0, y1 - y0, x1 - x0, y1 - y0])
            if seen[2] > seen[0] and seen[3] > seen[1]:
                share = np.prod(seen[2:] - seen[:2]) / np.prod(b[2:] - b[:2])
                boxes.append((seen + [x0, y0, x0, y0], c if share > ENOUGH else None, p))
        for b, tag in part.somewhere:
            seen, tile = np.clip(b, 0, [x1 - x0, y1 - y0] * 2), np.array([x0, y0, x1, y1], float)
            if np.prod(seen[2:] - seen[:2]) > MOST_OF * np.prod(b[2:] - b[:2]):
                somewhere.append((tile, tag))
            else:
                boxes.append((tile, None, [tag]))
        ignored += [np.clip(b, 0, [x1 - x0, y1 - y0] * 2) + [x0, y0, x0, y0] for b in part.ignored]
        for tag in set(range(len(TAGS))) - part.closed:  # open there: no box, but a region to leave out for that tag alone
            boxes.append((np.array([x0, y0, x1, y1], float), None, [tag]))
    return View(rgb, mask, boxes, ignored, closed, somewhere)
