"""The field network, on the codec of a released bundle."""

import torch

from bundling.field import ANALYSE
from bundling.released import encoder, manifest_of, unfold, weights
from data.field import labels
from data.field.labels import MASK, TAGS
from data.field.live import LiveViews
from data.field.shards import Shards
from networks.analyser import Analyser
from networks.classifier import Classifier
from networks.codec import latent_of
from places import BUNDLES
from scoring.field import answers_of, figures, said
from training.checkpoint import ema_of, load, mean_of, write_weights
from training.field_losses import field_loss
from training.optimiser import sgd_groups


def analyse(run):
    """On shards of views (models/shards.py) or, with a table `live`, on views that are made meanwhile (data/field/live.py); the codec is
    frozen, so their symbols stay true. Its trunk begins as that of the bundle's classifier; with `start` the whole network as the part of that name ended or, where there is none, as the released bundle of that name has it. With `mean` nothing is trained:
    the mean of some parts' weights."""
    knobs, bundle = run.knobs, BUNDLES / run.config["codec"]["of"]
    views = LiveViews(run.data, bundle, run.device, run.rng, **knobs["live"]) if "live" in knobs else Shards(run.args.shards or run.out / "shards", run.rng)
    held_out = labels.load(run.data, "val", run.limit)
    labels.check(held_out)
    manifest = manifest_of(bundle)
    centres = torch.tensor(manifest["latent"]["centres"], device=run.device)
    network = Analyser(manifest["latent"]["channels"], len(TAGS), len(MASK))

    def report(model):
        answers = answers_of(model, centres.cpu())
        run.report({"upstream": {"bundle": manifest["id"]}, **figures(*said(answers, encoder(bundle, threads=1), held_out))})

    def earlier(name):
        """The weights that the part of that name ended with, or where there is none those of a released bundle."""
        path, released = run.checkpoint_path(name), BUNDLES / name / ANALYSE
        if path.exists() or not released.exists():
            load(network, ema_of(path), path)
        else:
            print(f"{run.part}: {name} is {released}", flush=True)
            unfold(network, weights(released), latent_of(views.batch(64)[0].cpu(), centres.cpu()))
        return {k: v.clone() for k, v in network.state_dict().items()}

    if "mean" in knobs:
        state = mean_of([earlier(name) for name in knobs["mean"]])
        network.load_state_dict(state)
        write_weights(run.checkpoint_path(), {"ema": state, "step": 0})
        run.spent = {"steps": 0, "minutes": 0.0, "device": str(run.device)}
        return report(network.eval())
    if "start" in knobs:
        earlier(knobs["start"])
    else:
        start_from_classifier(network, manifest, bundle, centres.cpu()[views.batch(64)[0].cpu().long()])
    network.to(memory_format=torch.channels_last)
    heads = [(part, knobs["head_lr"]) for part in (network.lateral, network.smooth, network.tag_head, network.mask_head)]

    def step_loss():
        symbols, *targets = views.batch(knobs["batch"])
        with run.autocast():
            maps, logits = network(latent_of(symbols, centres))
        return field_loss(maps, logits, *(target.to(run.device) for target in targets), knobs)

    report(run.train(network, sgd_groups(knobs, (network.trunk, knobs["lr"]), *heads), step_loss).cpu())


def start_from_classifier(network, manifest, bundle, latent):
    """latent: some views, to measure batch norms on."""
    classifier = Classifier(manifest["latent"]["channels"], len(manifest["classes"]["classify"]), width=0.5)
    unfold(classifier, weights(bundle / "classify.onnx"), latent)
    network.trunk.load_state_dict(classifier.trunk.state_dict())
