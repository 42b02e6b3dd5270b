"""Many pictures and questions, dense against pruned, one after another."""
