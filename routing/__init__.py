"""Who gets a document, and the record that they did: registry snapshot, binding, routes, routing log and its proofs. Pure."""
