"""Denoising: how a picture comes out of noise, step by step."""
