"""How the picture model was made."""
