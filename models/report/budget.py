"""What runs were given: steps, epochs, minutes, machines."""


def budget(runs):
    """Widths, epochs and machines of these runs, in words."""
    some = lambda values: ", ".join(str(v) for v in sorted(set(values)))
    runs = list(runs)
    return f"width {some(r['knobs']['width'] for r in runs)} of the paper's, {some(r['knobs']['epochs'] for r in runs)} epochs of {some(r['knobs']['dataset'] for r in runs)}, trained on {some(r['device'] for r in runs)}"


def at_equal_cost(cost):
    networks = (cost or {}).get("networks", {})
    a, b = (networks.get(n, {}).get("trained_gmac") for n in ("cResNet-51", "ResNet-50"))
    return f" of the classifiers (at the trained width {a:.2f} G and {b:.2f} G)" if a and b else " of the classifiers"


def spent(run):
    start = f" from {run['knobs']['start']}" if "start" in run["knobs"] else ""
    return f"{run['steps']} steps{start}, {run['minutes']:.0f} min" + ("" if run["device"] == "cpu" else f" {run['device']}")


def epochs(run):
    return f"{run['knobs']['epochs']} epochs, {spent(run)}"
