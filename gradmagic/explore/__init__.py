"""From a cell's text to numbers, in frozen data: Request → Program → Trace → Curves.

Knows no pictures, no widgets and no IPython.
"""
