"""Lesson 05: find a GAN's artifacts without ground truth. Its notebook isn't written yet, so nothing lists it."""

TASKS = ()
