"""The Base-vs-RLHF tab: one model before and after, and the three steps in between."""
