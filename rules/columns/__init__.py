"""The vocabulary every stage shares: columns with declared dtypes, units and lengths."""
