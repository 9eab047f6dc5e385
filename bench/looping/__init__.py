"""What bench/loops measures: what a second loop costs, and what it takes over."""
