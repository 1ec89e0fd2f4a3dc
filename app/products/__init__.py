"""What is sold, and what was sold to whom."""
