"""HTTP towards others: witnesses, receivers of notices, whoever publishes the keys that tokens are signed with."""
