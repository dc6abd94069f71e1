from orders.sheets.admin.face import OrderAdminWithSheets
from orders.sheets.admin.runs import SheetRunAdmin

__all__ = ["OrderAdminWithSheets", "SheetRunAdmin"]
