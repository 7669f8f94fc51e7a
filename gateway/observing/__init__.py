"""What an operator sees: lines of logs, traces, figures, and the detail of health. No personal data in any of it."""
