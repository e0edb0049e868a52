"""Where a joint run goes on from."""


import torch

from bundling.released import manifest_of, unfold, weights
from data.crops import centre_crop
from data.pictures import to_batch
from networks.codec import symbols_by_midpoints
from places import BUNDLES
from training.checkpoint import TrainError, ema_of, load
from training.parts.codec import decoder_units


def start_from_earlier(run, model, images):
    """`start` names finished runs (a profile's parts, or its joint run and the decoder trained after it) or, where those are gone, a released bundle."""
    start, bundle = run.out.parent / run.knobs["start"], BUNDLES / run.knobs["start"]
    if (start / "joint.pt").exists():
        saved = ema_of(start / "joint.pt")
        parts = [("classify", "classifier."), ("segment", "segmenter.")] + ([("decoder", "codec.decoder.")] if decoder_units(run.config) != 2 else [])
        for part, prefix in parts:
            if (start / f"{part}.pt").exists():
                saved = {k: v for k, v in saved.items() if not k.startswith(prefix)}
                saved |= {prefix + k: v for k, v in ema_of(start / f"{part}.pt").items()}
        load(model, saved, start / "joint.pt")
    elif (start / "autoencoder.pt").exists() or not bundle.is_dir():
        for part, network in (("autoencoder", model.codec), ("classify", model.classifier), ("segment", model.segmenter)):
            load(network, ema_of(start / f"{part}.pt"), start / f"{part}.pt")
    else:
        print(f"joint: starts from {bundle}", flush=True)
        centres = manifest_of(bundle)["latent"]["centres"]
        if len(centres) != run.config["codec"]["levels"]:
            raise TrainError(f"{bundle} has {len(centres)} centres, {run.args.config} says levels = {run.config['codec']['levels']}")
        model.codec.quantiser.centres.data = torch.tensor(centres)
        encoder = {k.removeprefix("encoder."): v for k, v in weights(bundle / "encoder.onnx").items()}
        latent = unfold_from(bundle / "encoder.onnx", model.codec.encoder, encoder, to_batch([centre_crop(im, 160, 160) for im in images]))
        latent = model.codec.quantiser.centres.data[symbols_by_midpoints(latent, model.codec.quantiser.centres.data).long()]
        for file, network in (("classify.onnx", model.classifier), ("segment.onnx", model.segmenter), ("decoder/decoder.onnx", model.codec.decoder)):
            unfold_from(bundle / file, network, weights(bundle / file), latent)


def unfold_from(path, network, weights, batch):
    try:
        return unfold(network, weights, batch)
    except TrainError as error:
        raise TrainError(f"{path} {error}") from error
