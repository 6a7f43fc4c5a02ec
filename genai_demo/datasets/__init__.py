"""What features show and training reads: drawings to compose, and conversations to learn from."""
