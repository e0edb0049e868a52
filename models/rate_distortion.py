"""Row 7 of the paper's systems: JPEG, JPEG 2000, WebP and AVIF beside the latents, at their bits per pixel.

    python models/rate_distortion.py --data DIR/camvid/test [--limit 40] [--out FILE]

Sides are cut to multiples of 16 from the middle and the pictures are those that `blindsight eval --limit` takes, so that its
figures stand beside these. Bits are those of the whole file, as `bpp_record` of eval. A picture's bits and quality are measured
at each setting, then averaged over the pictures. JPEG: 4:2:0, optimised tables; WebP: method 6; AVIF: speed 4; all by Pillow.
"""

import argparse
import datetime
import io
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image, __version__

from data.crops import centre_crop
from data.pictures import pictures_in, read_rgb, to_batch
from places import RESULTS
from scoring import metrics

SETTINGS = {
    "JPEG": [("JPEG", {"quality": q, "optimize": True}) for q in (3, 5, 8, 12, 18, 26, 38, 55)],
    "JPEG 2000": [("JPEG2000", {"irreversible": True, "mct": 1, "quality_mode": "rates", "quality_layers": [24 / bpp]}) for bpp in (0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.65)],
    "WebP": [("WEBP", {"quality": q, "method": 6}) for q in (0, 3, 8, 15, 28, 45, 65)],
    "AVIF": [("AVIF", {"quality": q, "speed": 4}) for q in (4, 10, 18, 27, 36, 46)],
}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True, help="a folder with images/ in it")
    p.add_argument("--limit", type=int, default=40)
    p.add_argument("--out", type=Path, default=RESULTS / "rate-distortion.json")
    args = p.parse_args()
    paths = pictures_in(args.data / "images")
    count = min(args.limit, len(paths))
    pictures = []
    for i in range(count):
        image = read_rgb(paths[i * len(paths) // count])
        pictures.append(centre_crop(image, *(s // 16 * 16 for s in image.shape[:2])))
    curves, done, started = {}, 0, time.monotonic()
    total = sum(map(len, SETTINGS.values()))
    for name, settings in SETTINGS.items():
        curves[name] = []
        for format_, options in settings:
            rows = np.mean([measure(picture, format_, options) for picture in pictures], axis=0)
            curves[name].append(dict(zip(("bpp", "psnr_db", "ssim", "ms_ssim"), (round(float(x), 4) for x in rows))))
            done += 1
            left = (time.monotonic() - started) * (total - done) / done
            print(f"{name} {options}: {curves[name][-1]}  {left:.0f} s left", flush=True)
    report = {
        "command": f"python models/rate_distortion.py --data {args.data} --limit {count}", "date": datetime.date.today().isoformat(),
        "set": "/".join(args.data.parts[-2:]), "pictures": count, "codecs": f"Pillow {__version__}", "curves": curves,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n")


def measure(picture, format_, options):
    """uint8 [H,W,3] -> bits per pixel of the file, PSNR, SSIM, MS-SSIM of what it decodes to"""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format_, **options)
    again = np.asarray(Image.open(file).convert("RGB"))
    a, b = to_batch([picture]), to_batch([again])
    bpp = 8 * len(file.getvalue()) / (picture.shape[0] * picture.shape[1])
    return bpp, *metrics.quality(a, b).values()


if __name__ == "__main__":
    main()
