"""Breaking point: the same question at a ladder of sparsities."""
