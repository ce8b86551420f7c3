"""Lesson 05: find a GAN's artifacts without ground truth. Nothing lists it before its notebook."""

TASKS = ()
