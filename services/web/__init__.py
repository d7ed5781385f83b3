"""The pages: what is counted, live, for those who coordinate."""
