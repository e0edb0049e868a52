"""The paper's systems (paper.md), rows 1 to 5 of docs/results.md."""
