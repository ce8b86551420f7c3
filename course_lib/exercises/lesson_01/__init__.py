"""Lesson 01: a baseline GAN, and how it fails."""

from course_lib.exercises.lesson_01 import (
    discriminator_loss,
    discriminator_step,
    generator_loss,
    generator_step,
    output_diversity,
)

TASKS = (
    discriminator_loss.TASK,
    generator_loss.TASK,
    discriminator_step.TASK,
    generator_step.TASK,
    output_diversity.TASK,
)
