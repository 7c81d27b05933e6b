"""What the import tells people: why rows and files are refused, and what to do."""

from ...tools.spreadsheet.reading import MAX_FILE, MAX_LINES, MIB


def summarise(env, counts):
    """Return one line for each kind of rows."""
    rejections = counts.rejections.most_common()
    not_understood = {
        "gender": env._("Gender not recognized, will be imported without it"),
        "lang": env._(
            "Language not recognized or not installed, will be imported without it"
        ),
        "country": env._("Country not recognized; the number contains a country code"),
        "formula": env._("Cells with formula errors, imported as empty"),
    }
    lines = [
        (env._("Recipients that will be updated"), counts.update_count),
        *(
            (describe_rejection(env, rejection), count)
            for rejection, count in rejections
        ),
        *(
            (words, counts.not_understood[target])
            for target, words in not_understood.items()
        ),
        (env._("Rows above the header, not imported"), counts.title_count),
    ]
    return "\n".join(f"{words}: {count}" for words, count in lines if count)


def explain_rejection(env, checked):
    """Tell why a row is rejected, and what a person can do about it."""
    if checked.earlier:
        return env._(
            "The number is already in row %(line)s of the file",
            line=checked.earlier,
        )
    remedy = _get_remedies(env).get(checked.rejection)
    reason = describe_rejection(env, checked.rejection)
    return f"{reason}. {remedy}" if remedy else reason


def describe_rejection(env, rejection):
    """Tell why rows are rejected, for this reason."""
    words = {
        "no_number": env._("No number"),
        "unreadable": env._("The number could not be recognized"),
        "not_possible": env._("This number does not exist"),
        "not_mobile": env._("Landline number: cannot receive SMS"),
        "several": env._("The cell contains several numbers"),
        "digits_lost": env._("The spreadsheet removed digits of the number"),
        "doubtful": env._("The number can be interpreted in two ways"),
        "no_country": env._("The country of the number is unknown"),
        "unknown_country": env._("The country in the row was not recognized"),
        "too_long": env._("A cell is too long"),
        "bad_character": env._("A cell contains invalid characters"),
        "broken_text": env._("The row contains damaged characters"),
        "above_header": env._("A number above the header"),
        "in_list": env._("The number is already in the list"),
        "of_record": env._("The number belongs to a contact or lead in the list"),
        "several_members": env._("Several recipients of the list have this number"),
        "twice": env._("Duplicate number in the file"),
    }
    return words[rejection]


def _get_remedies(env):
    """:return: dict of rejection → what a person can do where that is not evident"""
    with_code = env._("Enter the number with + and the country code.")
    return {
        "several": env._(
            "Keep one number, or go back and select “Use the first mobile number”."
        ),
        "digits_lost": env._("Enter the number in full, in a cell formatted as text."),
        "doubtful": with_code,
        "no_country": env._(
            "Go back and select the country, or enter the number with + and the"
            " country code."
        ),
        "unknown_country": env._(
            "Correct the country, or enter the number with + and the country code."
        ),
        "broken_text": env._(
            "Correct the characters, or save the file again as UTF-8."
        ),
        "above_header": env._("Go back and correct the header row number."),
        "of_record": env._(
            "Change the recipient's data in the contact or lead: an import does not"
            " change it."
        ),
    }


def explain_missing_phone(env, columns):
    """Tell why no column was chosen for the numbers.

    :param columns: of the wizard
    """
    candidates = columns.filtered("is_candidate")
    headers = ", ".join(f"“{column.header}”" for column in candidates)
    if len(candidates) > 1:
        return env._(
            "Several columns contain phone numbers: %(columns)s. Set “Import as” of"
            " the right one to “Number”.",
            columns=headers,
        )
    if candidates:
        return env._(
            "The column %(column)s may contain phone numbers, or numbers of cards,"
            " orders and the like. If these are phone numbers, set “Import as” to"
            " “Number”.",
            column=headers,
        )
    return env._(
        "No column contains phone numbers. Check the sheet, the header row and the"
        " country, or set “Import as” of a column to “Number”."
    )


def explain_table_error(env, error, max_lines=None):
    """Tell why a file is not read.

    :param error: a `TableError`
    :param max_lines: the limit that the file was read with, None for the ordinary one
    """
    sentences = {
        "file_too_big": env._(
            "The file is too large: the limit is %(size)s MB. Split it into several"
            " files.",
            size=MAX_FILE // MIB,
        ),
        "unpacked_too_big": env._(
            "The file contains too much data. Save only the sheet with the"
            " recipients, or save it as CSV."
        ),
        "not_a_table": env._("The file is not a table. Save it as XLSX, ODS or CSV."),
        "not_supported": _explain_format(env, error.detail),
        "damaged": env._("The file is damaged. Save it again."),
        "too_many_lines": env._(
            "The file has more than %(count)s rows. Split it into several files.",
            count=max_lines or MAX_LINES,
        ),
        "too_many_columns": env._(
            "Row %(line)s has too many columns. Remove the ones you do not need.",
            line=error.line,
        ),
        "cell_too_big": env._(
            "A cell in row %(line)s is too long. Check for an unclosed quotation mark.",
            line=error.line,
        ),
        "quote_not_closed": env._(
            "The quotation mark in row %(line)s is not closed.", line=error.line
        ),
        "no_such_sheet": env._("The file has no such sheet."),
    }
    return sentences[error.code]


def _explain_format(env, detail):
    sentences = {
        "password": env._(
            "The file is password-protected. Save it again without a password."
        ),
        "archive": env._("The file is an archive. Extract the table from it."),
        "picture": env._("The file is an image. Save the table as XLSX, ODS or CSV."),
    }
    return sentences.get(detail) or env._(
        "Unsupported file format. Save the table as XLSX, ODS or CSV."
    )
