"""What the benchmark scripts share: servers that are started, filled, measured and stopped again. Standard library only."""
