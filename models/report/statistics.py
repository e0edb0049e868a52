"""How sure a difference is."""

from report.paper import mean, network_of


def of_pictures(percent, images):
    """Variance of a share of right answers, in points squared."""
    return percent * (100 - percent) / images


def of_seeds(runs):
    """-> variance that another seed makes, pooled over the networks that have two, and how many those are."""
    groups = {}
    for run in runs.values():
        groups.setdefault((network_of(run), run["knobs"]["source"]), []).append(run["classify"]["top1"])
    spreads = [sum((x - mean(g)) ** 2 for x in g) / (len(g) - 1) for g in groups.values() if len(g) > 1]
    return (mean(spreads) if spreads else None), len(spreads)


def told(difference, error):
    """How a difference is put into words."""
    return ("more" if difference > 0 else "less") if abs(difference) > 2 * error else "not told apart"


def within_a_point(difference, error):
    """Two standard errors around the difference, against a point on either side."""
    low, high = difference - 2 * error, difference + 2 * error
    if high < -1 or low > 1:
        return "no, behind" if high < -1 else "no, ahead"
    if low < -1:
        return "undecided"
    return "yes" if high <= 1 else "not behind"
