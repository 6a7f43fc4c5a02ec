"""Emoji, the pictures that are composed of them, and what people call these."""
