"""What the decisions about referrals share: who asks, what the catalog offers, what else changes with a referral."""
