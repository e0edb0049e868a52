"""Data sets: folders of pictures in, tensors out. Nothing here knows about networks."""


