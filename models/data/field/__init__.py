"""What the field network learns from: labelled pictures of fixed cameras and others (shared/data/field.md), made into views without end.

labels -> views, with cutouts pasted -> a maker of all kinds of views -> shards of symbols and targets.
"""
