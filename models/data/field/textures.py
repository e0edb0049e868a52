"""Photographs of things that are none of the tags: rooms, shelves, tools, fabric."""

import numpy as np

from data.pictures import pictures_in, read_all

MOST, MOST_OF_A_CLASS = 700, 60
# Of imagenet20: cassette player, chain saw, church, French horn, golf ball.
THINGS = ("n02979186", "n03000684", "n03028079", "n03394916", "n03445777")
# Words in the names of photos-256 that mean one of the tags, or something worn or carried by people.
TAGGED = """ambulance wagon cab convertible jeep limousine minivan model_t racer sports_car pickup fire_engine truck van recreational bus streetcar bicycle
bike moped scooter cycle kart tractor snowplow half_track tank forklift golfcart amphibian passenger_car car_wheel helmet groom scuba ballplayer skirt
jersey suit bikini gown kimono jean coat cloak poncho sarong abaya trench cardigan sweatshirt academic military pajama bow_tie windsor vestment stole
cuirass mask wig sunglass lipstick hair brassiere maillot trunks diaper apron sock shoe boot mountain_tent unicycle oxcart horse_cart jinrikisha""".split()


def neither(stem):
    """Of a photograph of photos-256 by its name, n01234567_words: it shows none of the tags, nor what people wear."""
    wnid, _, name = stem.lower().partition("_")
    animal = wnid[1:].isdigit() and 2085000 < int(wnid[1:]) < 2130000  # dogs, wolves, foxes, cats
    return not animal and not any(word in name for word in TAGGED)


def textures(root):
    """-> list of uint8 [H,W,3], always the same ones"""
    paths = [p for p in pictures_in(root / "photos-256") if neither(p.stem)]
    chosen = [paths[i] for i in np.random.default_rng(1).permutation(len(paths))[:MOST]]
    return read_all(chosen) + read_all([p for wnid in THINGS for p in pictures_in(root / "imagenet20-160/train" / wnid)[:MOST_OF_A_CLASS]])
