"""What can be loaded and from where: catalogue, cache, conversion, device choice, and one door per model."""
