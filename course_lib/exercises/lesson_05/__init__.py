"""Lesson 05: find a GAN's artifacts without ground truth."""

from course_lib.exercises.lesson_05 import class_weights, local_std, texture_distance

TASKS = (local_std.TASK, texture_distance.TASK, class_weights.TASK)
