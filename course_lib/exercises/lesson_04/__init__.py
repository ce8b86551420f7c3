"""Lesson 04: GRASPP-GAN, which looks at gradients and never halves the picture."""

from course_lib.exercises.lesson_04 import (
    adversarial_loss,
    aspp,
    effective_receptive_field,
    gradient_loss,
    multiply_adds,
    sobel_kernels,
)

TASKS = (
    sobel_kernels.TASK,
    gradient_loss.TASK,
    effective_receptive_field.TASK,
    aspp.TASK,
    multiply_adds.TASK,
    adversarial_loss.TASK,
)
