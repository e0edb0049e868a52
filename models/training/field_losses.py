"""The field network's losses. What the labels leave open (IGNORE) counts nowhere.

maps [N,T,h,w] and logits [N,K,2h,2w]: what the network says, logits of the map of tags and of the mask; log_p: the logarithm of the
mask's probabilities. Targets as data/field/views.py makes them.
"""

import torch
import torch.nn.functional as F

from data.field.labels import IGNORE, MASK, THINGS
from networks.analyser import tag_logits


def field_loss(maps, logits, target_maps, target_masks, target_tags, knobs):
    """-> the loss, {name of a term: its value}"""
    maps, log_p = maps.float(), F.log_softmax(logits.float(), 1)
    terms = {
        "map": map_loss(maps, target_maps, knobs["focal"], knobs["tag_weights"]), "pic": picture_loss(maps, target_tags),
        "mask": mask_loss(log_p, target_masks, knobs["mask_weights"]), "jac": jaccard_loss(log_p, target_masks),
    }
    loss = terms["map"] + knobs["picture"] * terms["pic"] + knobs["mask"] * (terms["mask"] + knobs["jaccard"] * terms["jac"])
    return loss, {name: term.detach() for name, term in terms.items()}


def map_loss(maps, target, focal, tag_weights):
    """Focal loss (Lin et al., 2017), a weight for each tag. It is divided by the object cells of the batch, as detectors do: each picture's background
    would else drown a few cells."""
    yes, p = (target == 1).float(), torch.sigmoid(maps)
    cross_entropy = F.binary_cross_entropy_with_logits(maps, yes, reduction="none")
    each = cross_entropy * torch.where(yes > 0, 1 - p, p) ** focal * (target != IGNORE)
    return (each * torch.tensor(tag_weights, device=maps.device).view(1, -1, 1, 1)).sum() / yes.sum().clamp_min(16.0)


def picture_loss(maps, target):
    """Of the tags of the whole view, as they are scored."""
    known = target != IGNORE
    each = F.binary_cross_entropy_with_logits(tag_logits(maps), (target == 1).float(), reduction="none")
    return (each * known).sum() / known.sum().clamp_min(1)


def mask_loss(log_p, target, weights):
    """Cross-entropy, a weight for each class. "other" means none of the things: in a view whose labels know no scene it may be road or sky."""
    target = target.long()
    known, street = target != IGNORE, (target >= len(THINGS)) & (target != IGNORE)
    scene_known = street.flatten(1).any(1).view(-1, 1, 1)
    no_thing = torch.logsumexp(log_p[:, [0, *range(len(THINGS), len(MASK))]], 1)
    safe = torch.where(known, target, torch.zeros_like(target))
    own = log_p.gather(1, safe.unsqueeze(1)).squeeze(1)
    each = -torch.where((target == 0) & ~scene_known, no_thing, own)
    weight = torch.tensor(weights, device=log_p.device)[safe] * known
    return (each * weight).sum() / weight.sum().clamp_min(1)


def jaccard_loss(log_p, target):
    """1 - intersection over union with probabilities in place of decisions, mean over the things that the batch shows."""
    known, p = target != IGNORE, log_p.exp()
    lost = []
    for thing in range(1, len(THINGS)):
        truth = (target == thing) & known
        if truth.any():
            here = p[:, thing] * known
            both = (here * truth).sum()
            lost.append(1 - both / (here.sum() + truth.sum() - both))
    return torch.stack(lost).mean() if lost else log_p.sum() * 0
