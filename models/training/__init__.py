"""Training: the loop that every run has, losses, and the parts of the profiles."""
