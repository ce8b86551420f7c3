"""Lesson 02: Pix2Pix, a U-Net against a discriminator of patches."""

from course_lib.exercises.lesson_02 import (
    confidence_map,
    down_block,
    pad_to_multiple,
    pix2pix_loss,
    receptive_field,
)

TASKS = (
    down_block.TASK,
    receptive_field.TASK,
    pix2pix_loss.TASK,
    confidence_map.TASK,
    pad_to_multiple.TASK,
)
