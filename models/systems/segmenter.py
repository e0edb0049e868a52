"""Row 4: segmenters on latents and on RGB."""

import numpy as np
import torch
import torch.nn.functional as F

from data.crops import centre_crop, scaled
from data.segmentation import VOID, class_weights, segmentation
from networks.folding import fold_batch_norm
from networks.layers import STRIDE
from networks.segmenter import at_mask_size
from scoring import metrics
from systems.finished import finish
from systems.inputs import Inputs
from systems.seeds import same_start, seeds
from systems.sources import coder, crop_of
from training.batches import Ahead
from training.checkpoint import ema_of, load
from training.optimiser import sgd_groups
from training.progress import Progress


def segmenter(run):
    """The classifier's trunk in its dilated form, with ASPP; codec frozen. Views of several scales are computed once."""
    knobs = run.knobs
    read = lambda split: segmentation(run.data, knobs["dataset"], split, run.limit, run.args.skip_corrupt)
    (pairs, names, left_out), (test, _, test_left_out) = read("train"), read(knobs["test_split"])
    inputs = Inputs(run, knobs["source"])
    views = coded_views(run, pairs)
    same_start(run)
    model = inputs.segmenter(knobs, len(names))
    start = ema_of(run.out / f"{knobs['start']}.pt")
    trunk = {k.split("trunk.", 1)[1]: v for k, v in start.items() if k.startswith(("trunk.", "classifier.trunk."))}
    load(model.trunk, trunk, run.out / f"{knobs['start']}.pt")
    model = model.to(memory_format=torch.channels_last)
    weight = class_weights(pairs, len(names)).to(run.device)
    side = knobs["crop"] // STRIDE
    knobs.setdefault("steps", max(1, round(knobs["epochs"] * len(pairs) / knobs["batch"])))

    def fetch(step):
        rng = np.random.default_rng([*seeds(run), step])
        crops, masks = [], []
        for i in rng.integers(len(views), size=knobs["batch"]):
            array, mask = views[i]
            h, w = (s // STRIDE for s in mask.shape)
            y, x = rng.integers(h - side + 1), rng.integers(w - side + 1)
            crops.append(crop_of(array[None, None], 0, False, y, x, side))
            masks.append(mask[y * STRIDE : (y + side) * STRIDE, x * STRIDE : (x + side) * STRIDE])
        return crops, torch.from_numpy(np.stack(masks)).long()

    ahead = Ahead(fetch)

    def step_loss():
        crops, target = ahead[run.step]
        with run.autocast():
            logits = model(inputs(crops)).float()
        logits, target = at_mask_size(logits, target)
        loss = F.cross_entropy(logits, target.to(run.device), weight=weight, ignore_index=VOID)
        return loss, {"loss": loss.item()}

    run.train(model, sgd_groups(knobs, (model.trunk, knobs["lr"]), (model.aspp, knobs["lr"] * knobs["last_layer"])), step_loss)
    model = fold_batch_norm(model.cpu())
    finish(run, {"network": model.state_dict()}, {"left_out": left_out, "test_left_out": test_left_out, **segmenter_figures(run, model, test, names)})


def coded_views(run, pairs):
    """Every picture at every scale, every second one mirrored: list of (RGB [H,W,3] or symbols [C,h,w], mask [H,W]); sides are multiples of 16."""
    rows, what = [], run.knobs["source"]
    code, progress, total = coder(run, what), Progress(run.part), len(pairs) * len(run.knobs["scales"])
    for scale in run.knobs["scales"]:
        for image, mask in pairs:
            image, mask = scaled(image, mask, scale, run.knobs["crop"])
            if len(rows) % 2:
                image, mask = image[:, ::-1], mask[:, ::-1]
            rows.append((code(image), np.ascontiguousarray(mask)))
            progress(f"{what} of {total} views", len(rows) / total)
    return rows


@torch.inference_mode()
def segmenter_figures(run, model, pairs, names):
    """mIoU at full size, on the middle of each picture: sides are cut to multiples of 16."""
    confusion, code, inputs = metrics.Confusion(len(names), VOID), coder(run, run.knobs["source"], exact=True), Inputs(run, run.knobs["source"])
    model.to(run.device)
    for image, mask in pairs:
        h, w = (s // 16 * 16 for s in mask.shape)
        logits = model(inputs([code(centre_crop(image, h, w))]))
        logits = F.interpolate(logits, size=(h, w), mode="bilinear", align_corners=False)
        confusion.add(centre_crop(mask, h, w), logits.argmax(1)[0].cpu().numpy())
    return {"segment": {"images": len(pairs), **confusion.figures(names)}}
