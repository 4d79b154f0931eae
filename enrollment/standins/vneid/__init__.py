"""VNeID on this machine: a simulator, in a process of its own, with citizens who exist nowhere. It speaks all three dialects
by keys of its own and knows the portal by its public addresses only; nothing in the portal knows that it is no VNeID."""
