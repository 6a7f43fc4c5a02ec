"""What prints every figure that the README quotes."""
