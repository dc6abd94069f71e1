"""Money looked at: daily sheets, what channels paid out, invoices, what goods had cost."""
