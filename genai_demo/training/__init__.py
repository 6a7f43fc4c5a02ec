"""What made the shipped weights, runnable by anyone."""
