"""What decisions about appointments have in common: one plan over rooms, clinics' days and people's agendas."""
