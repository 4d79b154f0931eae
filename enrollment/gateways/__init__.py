"""Services outside the house that know who somebody is."""
