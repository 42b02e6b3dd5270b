"""One layer looked at closely: its weights, its mask, and what is zero in two recipes."""
