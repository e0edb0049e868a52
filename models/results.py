"""Writes docs/background/results.md and its plots from docs/results/*.json, which the programs named in them have written.

    python models/results.py

Nothing is typed by hand: a figure without a file is a row that says so.
"""

import argparse


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    from report.page import write  # only now: it needs matplotlib, and --help does not

    write()


if __name__ == "__main__":
    main()
