"""The gateway: channels in, replies out, conversations kept."""
