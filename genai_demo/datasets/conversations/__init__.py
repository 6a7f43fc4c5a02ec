"""Conversations as they should go, prompts without answers, and answers that were ranked by reading."""
