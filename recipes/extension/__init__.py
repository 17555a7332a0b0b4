"""A program of its own that is laid into a kit: see driver.py."""
