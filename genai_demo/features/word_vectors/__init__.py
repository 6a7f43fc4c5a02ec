"""Word vectors: words as lists of numbers, a map of them, and arithmetic that shows its work."""
