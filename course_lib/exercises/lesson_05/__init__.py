"""Lesson 05: find a GAN's artifacts without ground truth."""

from course_lib.exercises.lesson_05 import local_std, texture_distance

TASKS = (local_std.TASK, texture_distance.TASK)
