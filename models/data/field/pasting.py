"""How cut-outs get into a view: with shadow, blur, light of the place, at the sizes that a camera sees.

Things that are none of the tags are pasted in the same way, so that an edge, a shadow or a change of blur says nothing.
"""

import numpy as np
from PIL import Image, ImageFilter

from data.field.cutouts import distractor
from data.field.views import HEIGHT, WIDTH


def paste(view, cut, rng, height=None, at=None, edge=0.0):
    """Into the view, in place; what it hides of others becomes open. height, at (left, top): in pixels of the view; without, drawn. edge: how often it comes
    in at an edge of the view, which hides a third to two thirds of it."""
    if (shown := as_shown(cut, rng, height or np.exp(rng.uniform(np.log(9), np.log(150))))) is None:
        return
    rgb, alpha, mask, boxes = shown
    nw, nh = rgb.size
    if at is None and rng.random() < edge:
        at = at_an_edge(rng, nw, nh)
    x = int(rng.uniform(-0.3 * nw, WIDTH - 0.7 * nw)) if at is None else int(at[0])
    y = int(np.clip(rng.normal(0.55, 0.25) * HEIGHT - nh / 2, -0.3 * nh, HEIGHT - 0.7 * nh)) if at is None else int(at[1])
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + nw, WIDTH), min(y + nh, HEIGHT)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    part, there = np.s_[y0 - y : y1 - y, x0 - x : x1 - x], np.s_[y0:y1, x0:x1]
    a = np.asarray(alpha, np.float32)[part][..., None] / 255
    colours = np.asarray(rgb, np.float32)[part]
    view.rgb, view.mask = (array if array.flags.writeable else array.copy() for array in (view.rgb, view.mask))
    if rng.random() < 0.5 and nh > 12:
        shadow(view.rgb, np.asarray(alpha), x, y, rng)
    colours = lit(colours, a, view.rgb[max(0, y0 - nh) : y1 + nh, max(0, x0 - nw) : x1 + nw], rng)
    view.rgb[there] = np.clip(view.rgb[there] * (1 - a) + colours * a, 0, 255).astype(np.uint8)
    view.mask[there] = np.where(a[..., 0] > 0.5, np.asarray(mask)[part], view.mask[there])
    area = np.array([x0, y0, x1, y1], float)
    view.boxes = [(b, None if c is not None and covered(b, area) > 0.5 else c, p) for b, c, p in view.boxes]
    view.boxes += [(b * [nw, nh, nw, nh] + [x, y, x, y], t, [t]) for b, t in boxes]


def at_an_edge(rng, nw, nh):
    """-> left, top of a thing of that size of which an edge of the view hides a part"""
    hidden, side = rng.uniform(0.3, 0.68), rng.integers(4)
    x, y = rng.uniform(0, max(1, WIDTH - nw)), rng.uniform(0, max(1, HEIGHT - nh))
    return [(-hidden * nw, y), (WIDTH - (1 - hidden) * nw, y), (x, -hidden * nh), (x, HEIGHT - (1 - hidden) * nh)][side]


def as_shown(cut, rng, height):
    """Mirrored or not, scaled to that height, turned if it may be: RGB, alpha, mask as Pillow's pictures, boxes in 0..1; None where it is too large."""
    h, w = cut.alpha.shape
    scale = height / h
    nw, nh = max(3, int(round(w * scale))), max(3, int(round(h * scale)))
    if nw > WIDTH * 1.2 or nh > HEIGHT * 1.5:
        return None
    rgb, alpha = Image.fromarray(cut.rgb), Image.fromarray((cut.alpha * 255).astype(np.uint8))
    mask, boxes = Image.fromarray(cut.mask), cut.boxes
    if rng.random() < 0.5:
        rgb, alpha, mask = (i.transpose(Image.FLIP_LEFT_RIGHT) for i in (rgb, alpha, mask))
        boxes = [(np.array([1 - b[2], b[1], 1 - b[0], b[3]]), t) for b, t in boxes]
    kind = Image.BOX if scale < 0.7 else Image.BICUBIC
    rgb, alpha, mask = rgb.resize((nw, nh), kind), alpha.resize((nw, nh), kind), mask.resize((nw, nh), Image.NEAREST)
    if cut.turns and rng.random() < 0.7:
        angle = rng.uniform(0, 360)
        rgb, alpha, mask = (i.rotate(angle, r, expand=True) for i, r in ((rgb, Image.BICUBIC), (alpha, Image.BICUBIC), (mask, Image.NEAREST)))
        rows, columns = np.flatnonzero(np.asarray(alpha).max(1) > 100), np.flatnonzero(np.asarray(alpha).max(0) > 100)
        if not len(rows):
            return None
        around = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)
        boxes = [(around / np.array([rgb.width, rgb.height] * 2), t) for _, t in boxes]
    return rgb, alpha, mask, boxes


def lit(colours, alpha, ground, rng):
    """A thing's colours float [h,w,3], brought towards the light of the ground around it, uint8 [H,W,3]."""
    mean, own = ground.reshape(-1, 3).mean(0), (colours * alpha).sum((0, 1)) / max(1.0, alpha.sum())
    blend = rng.uniform(0.1, 0.6)
    brightness = 1 + blend * (np.clip((mean.mean() + 20) / (own.mean() + 20), 0.4, 1.8) - 1)
    colours = colours * brightness + 0.3 * blend * ((mean - mean.mean()) - (own - own.mean()))
    if rng.random() < 0.3:
        colours = (colours - colours.mean((0, 1))) * rng.uniform(0.5, 1.2) + colours.mean((0, 1))
    return colours


def covered(b, by):
    """Share of box b that lies in the other."""
    w, h = min(b[2], by[2]) - max(b[0], by[0]), min(b[3], by[3]) - max(b[1], by[1])
    return max(0, w) * max(0, h) / max(1e-6, (b[2] - b[0]) * (b[3] - b[1]))


def shadow(rgb, alpha, x, y, rng):
    """The outline, alpha uint8 [h,w] at (x, y), flattened and pushed to a side, darkens the ground at its foot."""
    nh, nw = alpha.shape
    flat = max(2, int(nh * rng.uniform(0.15, 0.6)))
    lean = rng.uniform(-1.2, 1.2)
    image = Image.fromarray(alpha).resize((nw, flat))
    image = image.transform((nw + int(abs(lean) * flat) + 1, flat), Image.AFFINE, (1, lean, -max(0, lean) * flat if lean > 0 else 0, 0, 1, 0))
    dark = np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2)))).astype(np.float32) / 255 * rng.uniform(0.15, 0.55)
    sy, sx = y + nh - flat, x
    y0, x0, y1, x1 = max(0, sy), max(0, sx), min(HEIGHT, sy + dark.shape[0]), min(WIDTH, sx + dark.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    rgb[y0:y1, x0:x1] = (rgb[y0:y1, x0:x1] * (1 - dark[y0 - sy : y1 - sy, x0 - sx : x1 - sx, None])).astype(np.uint8)


def shelf(view, textures, rng):
    """Rows of like things, as in rooms and shops: nobody is there."""
    rows, y = rng.integers(1, 5), rng.uniform(0, 0.4) * HEIGHT
    for _ in range(rows):
        thing = upright(textures, rng)
        height = rng.uniform(14, 60)
        step = height * rng.uniform(0.3, 0.9)
        x = rng.uniform(-20, WIDTH * 0.6)
        for _ in range(rng.integers(3, 14)):
            if rng.random() < 0.3:
                thing = upright(textures, rng)
            paste(view, thing, rng, height * rng.uniform(0.9, 1.1), (x, y))
            x += step
        y += height * rng.uniform(1.0, 1.4)


def upright(textures, rng):
    thing = distractor(textures, rng)
    thing.turns = False
    return thing
