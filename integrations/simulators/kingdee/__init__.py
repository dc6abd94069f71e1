"""金蝶云星空: sign-in, bills that are saved, submitted, audited and asked about."""
