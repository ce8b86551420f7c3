"""How the networks of the course are trained: steps, the loop, and what watches it."""
