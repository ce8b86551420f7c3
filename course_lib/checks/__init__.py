"""The engine that checks a learner's answer and says what is wrong with it."""
