"""The parts of a profile, a file for each: what `python models/train.py <part>` does."""
