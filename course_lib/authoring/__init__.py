"""From a lesson's source to notebooks, runs and reports."""
