"""Databases of every release, brought up to this checkout."""
