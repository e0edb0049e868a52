"""ONNX Runtime against PyTorch, on real pictures of several sizes.

Symbols must be equal but for counted ties (a value within TIE of the midpoint of two centres); any other difference fails the export.
"""

import numpy as np
import torch

from bundling.graphs import FILES
from bundling.released import session
from data.crops import centre_crop
from data.pictures import pictures_in, read_all
from training.checkpoint import TrainError

TIE = 1e-3  # in units of the latent; centres lie about 0.8 apart


def compare(folder, codec, graphs, images):
    """Runs both runtimes on every picture; returns the counted differences, raises if they are more than ties."""
    sessions = {name: session(folder / file) for name, file in FILES.items()}
    run = lambda name, x: sessions[name].run(None, {sessions[name].get_inputs()[0].name: x})
    seen = {"symbols": 0, "ties": 0, "max_probability_difference": 0.0, "mask_pixels": 0, "mask_differences": 0, "max_decoded_difference": 0}
    for image in images:
        frame = np.ascontiguousarray(image[None])
        with torch.inference_mode():
            z = codec.encoder(torch.from_numpy(frame).permute(0, 3, 1, 2).float() / 255)
            want = codec.quantiser.symbols(z).numpy()
            (got,) = run("encoder", frame)
            centres = codec.quantiser.centres
            to_tie = (z.unsqueeze(-1) - (centres[1:] + centres[:-1]) / 2).abs().amin(-1).numpy()
            wrong = (got != want) & (to_tie > TIE)
            if got.shape != want.shape or wrong.any():
                raise TrainError(f"encoder.onnx: {wrong.sum()} symbols differ from PyTorch on a {image.shape} frame and are no ties")
            seen["symbols"] += got.size
            seen["ties"] += int((got != want).sum())
            symbols = torch.from_numpy(got)
            p = np.abs(run("classify", got)[0] - graphs["classify"](symbols).numpy()).max()
            seen["max_probability_difference"] = max(seen["max_probability_difference"], float(p))
            mask, fractions = run("segment", got)
            want_mask, want_fractions = (x.numpy() for x in graphs["segment"](symbols))
            seen["mask_pixels"] += mask.size
            seen["mask_differences"] += int((mask != want_mask).sum())
            picture = run("decoder", got)[0].astype(int) - graphs["decoder"](symbols).numpy().astype(int)
            seen["max_decoded_difference"] = max(seen["max_decoded_difference"], int(np.abs(picture).max()))
    if seen["max_probability_difference"] > 1e-3 or seen["mask_differences"] > 1e-3 * seen["mask_pixels"] or seen["max_decoded_difference"] > 1:
        raise TrainError(f"ONNX Runtime differs from PyTorch: {seen}")
    return seen


def check_images(root):
    street = read_all(pictures_in(root / "camvid/test/images")[::60])
    things = read_all(pictures_in(root / "imagenet20-160/val")[::2000])
    return [centre_crop(im, 352, 480) for im in street] + [centre_crop(im, 160, 160) for im in things] + [centre_crop(things[0], 16, 48)]
