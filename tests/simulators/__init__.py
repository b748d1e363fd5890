"""Stand-ins for the platforms, over real sockets on loopback."""
