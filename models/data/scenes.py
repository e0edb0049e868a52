"""Made-up views and scenes of fixed cameras: what the coder's context model trains on."""

import subprocess
import tempfile

import numpy as np
from PIL import Image

from data.pictures import read_rgb

WIDTH, HEIGHT, SIDE = 448, 256, 160
# A camera's own size and rate, before the box scales both down.
CAMERA_WIDTH, CAMERA_HEIGHT, CAMERA_FPS, FPS = 768, 432, 12.5, 10
LENGTH = 50


def view(pictures, rng):
    """What a camera might look at, 448x256."""
    kind = rng.random()
    if kind < 0.5:
        street = any_of(pictures["street"], rng)
        image = resized(np.ascontiguousarray(rows(street, street.shape[1] * 9 // 16, rng)), WIDTH, HEIGHT)
    elif kind < 0.75:
        photo = any_of(pictures["photos"], rng)
        image = rows(resized(photo, WIDTH, max(HEIGHT, photo.shape[0] * WIDTH // photo.shape[1])), HEIGHT, rng)
    else:
        parts = []
        while sum(part.shape[1] for part in parts) < WIDTH:
            photo = any_of(pictures["photos"], rng)
            if photo.shape[0] < HEIGHT:
                photo = resized(photo, photo.shape[1] * HEIGHT // photo.shape[0] + 1, HEIGHT)
            parts.append(rows(photo, HEIGHT, rng))
        image = np.concatenate(parts, 1)[:, :WIDTH]
    return image[:, ::-1] if rng.random() < 0.5 else image


def scene(pictures, rng):
    """A still view, up to three cut-outs that move across it, sensor noise, light that drifts; then what every camera does:
    H.264, here x264 at crf 21..28 with a keyframe every 1, 2, 4 or 20 s; decoded and scaled as the box does. -> [T,H,W,3]"""
    width, height = CAMERA_WIDTH, CAMERA_HEIGHT
    still = resized(np.ascontiguousarray(view(pictures, rng)), width, height).astype(np.float32)
    sigma, light = rng.uniform(1, 5), 0.0
    movers = [mover(pictures, rng) for _ in range(rng.integers(0, 4))]
    frames = []
    for _ in range(int(LENGTH * CAMERA_FPS / FPS) + 3):
        frame = still.copy()
        for m in movers:
            m["x"] += m["dx"] + rng.normal() * 0.3
            m["y"] += m["dy"] + rng.normal() * 0.3
            paste(frame, m)
        light = 0.97 * light + rng.normal() * 0.0007
        noise = rng.standard_normal((height, width, 3), np.float32)
        # A camera interpolates its colours and sharpens: neighbours share noise.
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 2
        frame = frame * (1 + light) + noise * sigma * (0.5 + np.sqrt(np.maximum(frame, 0) / 255))
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/scene.mp4"
        size = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(CAMERA_FPS), "-i", "-"]
        quality = ["-crf", str(rng.integers(21, 29)), "-g", str(rng.choice([12, 25, 50, 250]))]
        ffmpeg([*size, "-c:v", "libx264", "-preset", "fast", *quality, "-pix_fmt", "yuv420p", path], np.stack(frames).tobytes())
        scaled = f"fps={FPS},scale={WIDTH}:{HEIGHT}:flags=area"
        raw = ffmpeg(["-i", path, "-vf", scaled, "-frames:v", str(LENGTH), "-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
    return np.frombuffer(raw, np.uint8).reshape(LENGTH, HEIGHT, WIDTH, 3)


def mover(pictures, rng):
    image = any_of(pictures["things" if rng.random() < 0.5 else "photos"], rng)
    height = int(rng.uniform(30, 220))
    width = int(height * rng.uniform(0.4, 1.4))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    round_ = rng.random() < 0.7
    return {
        "image": resized(np.ascontiguousarray(image), width, height).astype(np.float32),
        "mask": ((x**2 + y**2 < 1) if round_ else np.ones((height, width))).astype(np.float32)[..., None],
        "x": rng.uniform(-width, CAMERA_WIDTH), "y": rng.uniform(0, CAMERA_HEIGHT - 30),
        "dx": rng.normal() * 6, "dy": rng.normal() * 1.5,
    }


def paste(frame, m):
    x, y = int(m["x"]), int(m["y"])
    height, width = m["image"].shape[:2]
    left, right, top, bottom = max(x, 0), min(x + width, CAMERA_WIDTH), max(y, 0), min(y + height, CAMERA_HEIGHT)
    if left >= right or top >= bottom:
        return
    part = np.s_[top - y : bottom - y, left - x : right - x]
    there = np.s_[top:bottom, left:right]
    frame[there] = frame[there] * (1 - m["mask"][part]) + m["image"][part] * m["mask"][part]


def any_of(paths, rng):
    return read_rgb(paths[rng.integers(len(paths))])


def resized(image, width, height):
    smaller = image.shape[0] > height
    return np.asarray(Image.fromarray(image).resize((width, height), Image.BOX if smaller else Image.BICUBIC))


def rows(image, count, rng):
    top = rng.integers(image.shape[0] - count + 1)
    return image[top : top + count]


def ffmpeg(args, stdin=None):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *args], input=stdin, capture_output=True, check=True).stdout
