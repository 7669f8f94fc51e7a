"""A referral: which tests somebody asks for a patient, and what becomes of each. What it keeps stands in ``state``."""
