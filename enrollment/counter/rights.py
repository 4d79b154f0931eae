"""What the counter's roles may do."""

# To help people at a counter; to see to those who do; to see how all counters do.
SERVE, LEAD, OVERSEE = "counter.serve", "counter.lead", "counter.oversee"
