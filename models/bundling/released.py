"""A released bundle in Python: its encoder, its latent, and its weights back in PyTorch, where training goes on from when its checkpoints are gone.

A bundle's batch norms are folded into the convolutions before them. Training wants them back: `unfold` measures each
convolution's output on some pictures and gives the batch norm behind it just the statistics and weights that change nothing.
"""

import json

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from bundling.runtime import ort
from networks.folding import fold_batch_norm
from training.checkpoint import TrainError


def encoder(bundle, threads=0):
    """-> function: frames uint8 [N,H,W,3] -> symbols uint8 [N,C,H/8,W/8]. threads: 0 for one a core"""
    graph = session(bundle / "encoder.onnx", threads)
    return lambda frames: graph.run(None, {"frame": np.ascontiguousarray(frames)})[0]


def session(path, threads=0):
    options = ort.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, threads
    return ort.InferenceSession(str(there(path)), options, providers=["CPUExecutionProvider"])


def manifest_of(bundle):
    return json.loads(there(bundle / "manifest.json").read_text())


def there(path):
    if not path.exists():
        raise TrainError(f"{path} is missing; give the folder of a bundle")
    return path


def weights(path):
    """The graph's named weights as tensors, named as in the PyTorch module that was exported."""
    stored = {t.name.removeprefix("network."): torch.from_numpy(numpy_helper.to_array(t).astype(np.float32)) for t in onnx.load(there(path)).graph.initializer}
    found = {}
    for name, value in stored.items():
        if name.endswith("_int8"):
            name = name.removesuffix("_int8")
            value = value * stored[f"{name}_step"]
        if not name.endswith("_step"):
            found[name.removesuffix("_fp16")] = value
    return found


def unfold(model, folded, batch):
    """Loads folded weights into a model that still has its batch norms; returns what it makes of the batch, unchanged by unfolding.

    model: as built, nothing folded. folded: name -> tensor. batch: its input, some pictures or latents to measure on.
    Each filter is scaled to norm 1, which the batch norm behind it undoes: what the learning rate means does not depend on
    how large the folded weights happened to be. Raises TrainError if names or shapes do not fit.
    """
    pairs = dict(folded_pairs(model))
    own = model.state_dict()
    biases = {f"{name[: -len('weight')]}bias" for name in (f"{conv}.weight" for conv in pairs)}
    wanted = {k for k in own if not k.endswith("num_batches_tracked") and not any(k.startswith(f"{bn}.") for bn in pairs.values())} | biases
    wrong = [k for k in sorted(wanted) if k not in folded or (k in own and own[k].shape != folded[k].shape)]
    wrong += [k for k in folded if k.endswith((".weight", ".bias")) and k not in wanted]
    if wrong:
        raise TrainError(f"does not fit the configuration: {wrong[0]} and {len(wrong) - 1} more are missing, of another shape or too many")
    modules, hooks = dict(model.named_modules()), []
    with torch.no_grad():
        for name in wanted - biases:
            own[name].copy_(folded[name])
        for conv, bn in pairs.items():
            module = modules[conv]
            # The filter axis is 0, and 1 of a transposed convolution.
            axes = [a for a in range(4) if a != (1 if isinstance(module, nn.ConvTranspose2d) else 0)]
            module.weight /= module.weight.pow(2).sum(dim=axes, keepdim=True).sqrt().clamp_min(1e-6)
            hooks.append(modules[bn].register_forward_pre_hook(measured(folded[f"{conv}.weight"], folded[f"{conv}.bias"], axes)))
        out = model.eval()(batch)
    for hook in hooks:
        hook.remove()
    return out


def folded_pairs(module, prefix=""):
    """(name of a convolution, name of the batch norm behind it), as fold_batch_norm finds them."""
    children = list(module.named_children())
    for (a, conv), (b, bn) in zip(children, children[1:]):
        if isinstance(module, nn.Sequential) and isinstance(conv, (nn.Conv2d, nn.ConvTranspose2d)) and isinstance(bn, nn.BatchNorm2d):
            yield prefix + a, prefix + b
    for name, child in children:
        yield from folded_pairs(child, f"{prefix}{name}.")


def measured(weight, bias, axes):
    norm = weight.pow(2).sum(dim=axes).sqrt().clamp_min(1e-6)

    def before(bn, inputs):
        (x,) = inputs
        mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)
        bn.running_mean.copy_(mean)
        bn.running_var.copy_(var)
        bn.weight.copy_(norm * (var + bn.eps).sqrt())
        bn.bias.copy_(bias + norm * mean)

    return before


def folded_copy(model, state):
    """The same network with its batch norms folded and these weights: what the bundle runs."""
    fold_batch_norm(model.eval())
    model.load_state_dict({k: state[k] for k in model.state_dict()})
    return model
