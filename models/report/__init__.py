"""docs/background/results.md: lines of Markdown and plots, from the files in docs/results."""
