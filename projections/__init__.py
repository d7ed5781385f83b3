"""What follows from the events: the count and its neighbours, live and replayed."""
