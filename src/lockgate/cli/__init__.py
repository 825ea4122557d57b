"""One file per command: parse, call a workflow, render, exit status."""
