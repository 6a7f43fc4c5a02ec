"""How the tuned models were made: supervised fine-tuning, a reward model, reinforcement learning."""
