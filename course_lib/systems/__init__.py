"""How each system of the course is set up and trained, one recipe a file.

A recipe takes a profile, which says how large the training is, and gives a `System`: networks,
data, optimizers, learning rates and schedules. Lessons, tables, recordings, weights, benchmarks
and data scripts call it, so all of them train the same system.
"""
