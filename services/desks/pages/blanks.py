"""The templates of lists: an empty file with the names of the columns, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Final

from services.desks.pages.fields import Form
from services.desks.pages.lists import MAX_ROWS
from services.desks.pages.texts import Language, choice_key, translator

__all__ = ["csv_template", "excel_template"]

_AS_TEXT: Final = "@"
_MAX_FORMULA: Final = 255


def csv_template(form: Form, language: Language) -> bytes:
    """Give the template as CSV, as a Dutch spreadsheet wants it: semicolons, UTF-8 with its mark."""
    t = translator(language)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerow([t(f"label_{field.name}") for field in form.columns])
    return text.getvalue().encode("utf-8-sig")


def excel_template(form: Form, language: Language) -> bytes:
    """Give the template as an Excel workbook: columns of text, so that no zero is lost, and choices to pick from."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    t = translator(language)
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has a sheet
    sheet.title = "1"
    sheet.freeze_panes = "A2"
    for number, field in enumerate(form.columns, start=1):
        head = sheet.cell(row=1, column=number, value=t(f"label_{field.name}"))
        head.font = Font(bold=True)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = max(14, len(str(head.value)) + 4)
        if field.look not in ("moment", "date", "count"):
            sheet.column_dimensions[letter].number_format = _AS_TEXT
            for row in range(2, 202):
                sheet.cell(row=row, column=number).number_format = _AS_TEXT
        words = '"{}"'.format(",".join(t(choice_key(field.name, choice)) for choice in field.choices))
        if field.choices and len(words) <= _MAX_FORMULA:
            picked = DataValidation(type="list", formula1=words, allow_blank=not field.required)
            picked.add(f"{letter}2:{letter}{MAX_ROWS + 1}")
            sheet.add_data_validation(picked)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
