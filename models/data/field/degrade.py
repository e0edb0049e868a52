"""What cameras do to a picture."""

import io

import numpy as np
from PIL import Image, ImageFilter


def degrade(rgb, rng):
    """uint8 [H,W,3] -> the same: light, colour, night, infrared, blur, noise, and intra coding at low quality (WebP's is H.264's kin)."""
    x = rgb.astype(np.float32) / 255
    kind = rng.random()
    if kind < 0.12:  # infrared
        x = x @ np.float32(rng.dirichlet([2, 3, 2]))
        x = np.repeat(x[..., None], 3, 2)
        if rng.random() < 0.5:
            yy, xx = np.mgrid[-1 : 1 : x.shape[0] * 1j, -1 : 1 : x.shape[1] * 1j]
            spot = np.exp(-((xx - rng.uniform(-0.6, 0.6)) ** 2 + (yy - rng.uniform(-0.6, 0.6)) ** 2) / rng.uniform(0.5, 2))
            x = x * (0.35 + 0.9 * spot[..., None].astype(np.float32))
    elif kind < 0.3:  # night
        x = x ** rng.uniform(1.2, 2.2) * rng.uniform(0.25, 0.7)
        x = x * np.float32([rng.uniform(0.9, 1.35), 1.0, rng.uniform(0.6, 1.15)])
    else:
        x = x ** np.exp(rng.uniform(-0.4, 0.4))
        x = (x - 0.5) * np.exp(rng.uniform(-0.45, 0.3)) + 0.5 + rng.uniform(-0.1, 0.1)
        x = x * np.float32(np.exp(rng.uniform(-0.12, 0.12, 3)))
        if rng.random() < 0.15:
            grey = x.mean(2, keepdims=True)
            x = grey + (x - grey) * rng.uniform(0, 0.6)
    if rng.random() < 0.08:  # fog, glare
        veil = rng.uniform(0.2, 0.6)
        x = x * (1 - veil) + veil * rng.uniform(0.6, 0.95)
    image = Image.fromarray((np.clip(x, 0, 1) * 255).astype(np.uint8))
    if rng.random() < 0.45:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.1)))
    elif rng.random() < 0.3:
        image = image.filter(ImageFilter.UnsharpMask(1.2, int(rng.uniform(40, 130)), 1))
    x = np.asarray(image).astype(np.float32)
    if rng.random() < 0.6:
        noise = rng.standard_normal(x.shape, np.float32)
        if rng.random() < 0.5:
            noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 1.7
        x = x + noise * rng.uniform(1, 4 if kind >= 0.3 else 9)
    out = np.clip(x, 0, 255).astype(np.uint8)
    if rng.random() < 0.65:
        buffer = io.BytesIO()
        Image.fromarray(out).save(buffer, "WEBP", quality=int(rng.uniform(15, 80)), method=0)
        out = np.asarray(Image.open(buffer).convert("RGB"))
    return out
