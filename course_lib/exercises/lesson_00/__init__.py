"""Lesson 00: rain, pictures and numbers."""

from course_lib.exercises.lesson_00 import composite_streaks, psnr, rgb_to_y, split_by_photo

TASKS = (composite_streaks.TASK, split_by_photo.TASK, rgb_to_y.TASK, psnr.TASK)
