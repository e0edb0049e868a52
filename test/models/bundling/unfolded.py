"""Prints, for each network of a bundle, how far it moves when its batch norms are put back: python unfolded.py BUNDLE"""

import json
import sys
from pathlib import Path

import torch

root = Path(__file__).parents[3]
sys.path.insert(0, str(root / "models"))
from bundling.released import folded_copy, unfold, weights  # noqa: E402
from networks.classifier import Classifier  # noqa: E402
from networks.codec import Decoder, Encoder  # noqa: E402
from networks.segmenter import Segmenter  # noqa: E402

bundle = Path(sys.argv[1])
segmenter, units = {
    "lean-1": ({"width": 0.25}, 2),
    "lean-5": ({"blocks": (4, 6), "width": 0.5, "fine": 2}, 6),
}[bundle.name]
torch.manual_seed(0)
frames, latent = torch.rand(4, 3, 64, 96), torch.randn(4, 16, 16, 16)
encoder = {k.removeprefix("encoder."): v for k, v in weights(bundle / "encoder.onnx").items()}
networks = {
    "encoder": (lambda: Encoder(16), encoder, frames),
    "classify": (lambda: Classifier(16, 20, width=0.5), weights(bundle / "classify.onnx"), latent),
    "segment": (lambda: Segmenter(16, 11, **segmenter), weights(bundle / "segment.onnx"), latent),
    "decoder": (lambda: Decoder(16, units=units), weights(bundle / "decoder/decoder.onnx"), latent),
}
moved = {}
with torch.no_grad():
    for name, (build, state, batch) in networks.items():
        model, want = build(), folded_copy(build(), state)(batch)
        unfold(model, state, batch)
        scale = want.abs().mean()
        # In training the batch norms use the batch's own statistics; on the batch that was measured they are the same.
        moved[name] = {mode: (getattr(model, mode)()(batch) - want).abs().max().item() / scale.item() for mode in ("eval", "train")}
print(json.dumps(moved))
