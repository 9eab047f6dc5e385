"""What bench/scale measures, and the arithmetic that it draws from it."""
