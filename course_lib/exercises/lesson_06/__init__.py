"""Lesson 06: finetune a GAN so that its artifacts go, and test blindly whether people see it."""

from course_lib.exercises.lesson_06 import (
    adapt_online,
    finetune_step,
    preference_p_value,
    pseudo_ground_truth,
    removal_and_addition,
)

TASKS = (
    pseudo_ground_truth.TASK,
    finetune_step.TASK,
    removal_and_addition.TASK,
    preference_p_value.TASK,
    adapt_online.TASK,
)
