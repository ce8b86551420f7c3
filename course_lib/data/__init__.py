"""Photographs, the rain that is put on them, and folders of real rain."""
