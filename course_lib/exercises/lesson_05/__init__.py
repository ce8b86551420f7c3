"""Lesson 05: DeSRA's detector, which finds a GAN's artifacts without the true picture."""

from course_lib.exercises.lesson_05 import (
    artifact_mask,
    class_weights,
    local_std,
    region_precision_recall,
    texture_distance,
)

TASKS = (
    local_std.TASK,
    texture_distance.TASK,
    class_weights.TASK,
    artifact_mask.TASK,
    region_precision_recall.TASK,
)
