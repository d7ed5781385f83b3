"""The pages: what each is asked, and what it answers."""
