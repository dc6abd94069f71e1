"""The books of the company: documents pushed to the ERP, and the daily check against it."""
