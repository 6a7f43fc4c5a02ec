"""How the shipped weights were made, as commands that anyone can run again."""
