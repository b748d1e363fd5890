"""The trainers' tools: check the data, train, evaluate."""
