"""What broke an answer: every block restored to dense, alone, and how much of the answer's loss that wins back."""
