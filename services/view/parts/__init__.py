"""Workers that keep the live view together: each folds some of its parts, in a process of its own."""
