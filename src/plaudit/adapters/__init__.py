"""Between plaudit and the trainers: other people's reward functions become Rewards."""
