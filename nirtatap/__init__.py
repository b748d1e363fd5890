"""The operator's side: the command line and the composition root. Sees everything, imported by nobody."""
