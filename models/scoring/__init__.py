"""What networks are worth: figures on held-out data."""
