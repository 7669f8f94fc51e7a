"""Who may come in, and what they may do: credentials, accounts, sessions, rates, and the one place that decides."""
