"""金蝶云星空 (Kingdee Cloud Galaxy WebAPI)."""
