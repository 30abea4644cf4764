"""The values of special functions on float arrays, to a few units in the last place. Knows NumPy; no op."""
