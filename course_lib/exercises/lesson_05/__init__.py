"""Lesson 05: find a GAN's artifacts without ground truth."""

from course_lib.exercises.lesson_05 import local_std

TASKS = (local_std.TASK,)
