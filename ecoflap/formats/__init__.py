"""Files of other programs: the public ECoFLaP code's names, tables and scores."""
