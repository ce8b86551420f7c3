"""The library behind the course "Clearing the Rain".

Importing it is cheap: torch and the other heavy libraries load when first needed.
"""

__version__ = "0.1.0"
