"""How admitted patients get a doctor, a nurse and a bed: parts of decisions."""
