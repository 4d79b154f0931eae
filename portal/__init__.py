"""Ground floor: the site itself and what every app stands on. It imports no other app, and nothing by itself: a process
that reads strangers' files brings in no more than it names."""
