"""Restore photographs with the networks that come with the course: files in, files out.

from course_lib.restoration.networks import load_network
restored = load_network("streaks").restore(picture)
"""
