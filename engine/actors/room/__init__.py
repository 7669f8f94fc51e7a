"""A room: what it is, how it is shown, when it is closed, and a calendar in which no two stretches overlap."""
