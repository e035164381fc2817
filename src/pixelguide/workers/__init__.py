"""Independent tasks handed out to workers, in this process or on a Ray cluster."""
