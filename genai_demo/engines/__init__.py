"""Engines: token ids in, tensors out. What a text is they do not know; who asks comes through a `Desk`."""
