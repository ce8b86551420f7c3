"""Colab's kernel has this loaded; that is how the course knows where it runs."""
