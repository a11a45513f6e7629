"""The scan: from waiting batches to a committed, published decision."""
