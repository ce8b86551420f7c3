"""One module a lesson: its exercises, their checks, and the zoo that proves the checks."""
