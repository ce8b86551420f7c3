"""Lesson 04: GRASPP-GAN, which looks at gradients and never halves the picture."""

TASKS = ()
