"""LibreOffice without a screen, as a person would use it: open, edit cells, save as .xlsx."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
_LIMIT = 120  # seconds; the first start writes a profile
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_LIBRARY = (
    _HEAD + '<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN"'
    ' "library.dtd">\n<library:library xmlns:library="http://openoffice.org/2000/library"'
    ' library:name="Standard" library:readonly="false" library:passwordprotected="false">'
    '<library:element library:name="Work"/></library:library>'
)
_MODULE = (
    _HEAD + '<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN"'
    ' "module.dtd">\n<script:module xmlns:script="http://openoffice.org/2000/script"'
    ' script:name="Work" script:language="StarBasic">{code}</script:module>'
)
# Cells are typed into by `setFormula`, which reads a text as the person's keyboard would.
_CODE = """
Sub Edit
  Dim none(0) As New com.sun.star.beans.PropertyValue
  none(0).Name = "Hidden" : none(0).Value = True
  book = StarDesktop.loadComponentFromURL("{source}", "_blank", 0, none())
  sheet = book.Sheets.getByIndex(0)
{edits}
  Dim kind(0) As New com.sun.star.beans.PropertyValue
  kind(0).Name = "FilterName" : kind(0).Value = "Calc MS Excel 2007 XML"
  book.storeToURL("{target}", kind())
  book.close(True)
End Sub
"""


def edit(content: bytes, cells: Mapping[str, str], folder: Path) -> bytes:
    """The workbook after LibreOffice opened it, typed these texts into cells, and saved it."""
    source, target = folder / "opened.xlsx", folder / "saved.xlsx"
    source.write_bytes(content)
    edits = "\n".join(
        f'  sheet.getCellRangeByName("{place}").setFormula("{_quoted(text)}")'
        for place, text in cells.items()
    )
    code = _CODE.format(source=source.as_uri(), target=target.as_uri(), edits=edits)
    # The first start makes the profile, and would overwrite a macro that stood there before.
    _start(folder, "--terminate_after_init")
    standard = folder / "profile" / "user" / "basic" / "Standard"
    (standard / "script.xlb").write_text(_LIBRARY)
    (standard / "Work.xba").write_text(_MODULE.format(code=escape(code)))
    _start(folder, "macro:///Standard.Work.Edit")
    return target.read_bytes()


def _start(folder: Path, *arguments: str) -> None:
    """A LibreOffice with a profile of its own, until it ends."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [str(OFFICE), profile, "--headless", "--norestore", *arguments]
    subprocess.run(command, check=True, timeout=_LIMIT, capture_output=True)


def _quoted(text: str) -> str:
    return text.replace('"', '""')
