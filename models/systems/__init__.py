"""The paper's systems (paper.md), rows 1 to 5 of docs/background/results.md: codecs, classifiers and segmenters on latents and on RGB, joint training.

A configuration has [defaults] and [[runs]]; a run is {name, kind, knobs}. What a network looks at is its `source`:

    original            the picture
    decoded:<codec>     the picture, coded and decoded by that run's codec
    latent:<codec>      its quantised latent

All sources of a data set are computed once, from the same square pictures, and cropped on the same 8-pixel grid at training and at
evaluation, so the networks that are compared see the same views in the same order.
"""
