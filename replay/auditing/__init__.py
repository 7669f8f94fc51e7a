"""Whether a log shows what must never be: told from its events alone, without the rule books."""
