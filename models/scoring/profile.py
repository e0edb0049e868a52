"""Figures of a profile's codec and heads on held-out pictures."""

import torch

from data.crops import centre_crop
from data.imagenet import class_folders
from data.pictures import pictures_in, read_all, to_batch
from data.segmentation import CAMVID_CLASSES, VOID, camvid
from networks.codec import encode
from networks.layers import MASK_STRIDE
from networks.segmenter import at_mask_size
from scoring import metrics
from scoring.rate import cross_entropy_bits


@torch.inference_mode()
def evaluate_codec(model, freqs, root, limit):
    sets = {
        "camvid/test": [(im, 352, 480) for im in read_all(pictures_in(root / "camvid/test/images")[:limit])],
        "imagenet20-160/val": [(im, 160, 160) for im in read_all(pictures_in(root / "imagenet20-160/val")[:: 1 if limit else 16][:limit])],
    }
    figures = {}
    for name, images in sets.items():
        rows = []
        for image, h, w in images:
            rgb = to_batch([centre_crop(image, h, w)])
            symbols = encode(model, rgb)
            out = model.decoder(model.quantiser.centres[symbols.long()]).clamp(0, 1)
            bpp = cross_entropy_bits(symbols[0].numpy(), freqs) / (h * w)
            rows.append({"bpp": bpp, **metrics.quality(out, rgb)})
        figures[name] = {"images": len(rows), **metrics.mean_quality(rows)}
    return figures


@torch.inference_mode()
def evaluate_classifier(codec, model, root, crop, limit):
    """Centre crop of the validation pictures; top-1 and top-5 over all classes, and per half."""
    paths, labels, wnids = class_folders(root / "imagenet20-160" / "val", limit, like=root / "imagenet20-160" / "train")
    scores = []
    for i in range(0, len(paths), 64):
        batch = to_batch([centre_crop(im, crop, crop) for im in read_all(paths[i : i + 64])])
        scores.append(model(codec.quantiser.centres[encode(codec, batch).long()]))
    return {"crop": crop, **metrics.accuracy(torch.cat(scores), labels, wnids)}


@torch.inference_mode()
def evaluate_segmenter(codec, model, folder, limit):
    """mIoU on 480x352 (the middle rows of 480x360, since sides must be multiples of 16), of the mask as exported: a class for each 4x4 pixels."""
    confusion = metrics.Confusion(len(CAMVID_CLASSES), VOID)
    for image, mask in camvid(folder, limit)[0]:
        h, w = (s // 16 * 16 for s in mask.shape)
        symbols = encode(codec, to_batch([centre_crop(image, h, w)]))
        mask = centre_crop(mask, h, w)
        logits, _ = at_mask_size(model(codec.quantiser.centres[symbols.long()]), torch.from_numpy(mask).unsqueeze(0))
        confusion.add(mask, logits.argmax(1)[0].numpy().repeat(MASK_STRIDE, 0).repeat(MASK_STRIDE, 1))
    return confusion.figures(CAMVID_CLASSES)
