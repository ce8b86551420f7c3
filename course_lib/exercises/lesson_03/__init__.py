"""Lesson 03: keeping the game fair."""

from course_lib.exercises.lesson_03 import (
    contrastive_loss,
    discriminator_accuracy,
    flip_labels,
    smooth_labels,
    training_schedule,
)

TASKS = (
    smooth_labels.TASK,
    flip_labels.TASK,
    discriminator_accuracy.TASK,
    training_schedule.TASK,
    contrastive_loss.TASK,
)
