"""Bundles: from networks to graphs and a manifest, and from a bundle's graphs back to networks."""
