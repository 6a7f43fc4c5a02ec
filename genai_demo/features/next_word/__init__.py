"""A language model only predicts the next token; everything else is prediction, repeated."""
