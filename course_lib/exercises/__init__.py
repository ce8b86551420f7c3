"""One package a lesson, whose TASKS are its exercises in order.

Each exercise has a file with its hints and its check, and a ``_zoo.py`` beside it with the wrong
answers and valid alternatives that prove the check. ``quiz.py`` holds the lesson's quiz,
``diagnosis.py`` its broken GANs.
"""
