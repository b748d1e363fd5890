"""One folder or file per channel, all of the same shape: see base.Channel."""
