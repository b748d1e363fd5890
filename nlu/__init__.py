"""Everything that is trained: data, components and the trainers' tools."""
