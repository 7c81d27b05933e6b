"""What the import tells people: why rows and files are refused, and what to do."""

from ...tools.spreadsheet.reading import MAX_FILE, MAX_LINES, MIB


def summarise(env, counts):
    """Return one line for each kind of rows."""
    rejections = counts.rejections.most_common()
    not_understood = {
        "gender": env._("Gender not understood, imported without it"),
        "lang": env._("Language not understood or not installed, imported without it"),
        "country": env._(
            "Country not understood, the number has the code of its country"
        ),
        "formula": env._("Cells with errors of formulas, left empty"),
    }
    lines = [
        (env._("Members that are updated"), counts.update_count),
        *(
            (describe_rejection(env, rejection), count)
            for rejection, count in rejections
        ),
        *(
            (words, counts.not_understood[target])
            for target, words in not_understood.items()
        ),
        (env._("Lines above the header, left out"), counts.title_count),
    ]
    return "\n".join(f"{words}: {count}" for words, count in lines if count)


def explain_rejection(env, checked):
    """Tell why a row is rejected, and what a person can do about it."""
    if checked.earlier:
        return env._(
            "The number is in line %(line)s of the file already",
            line=checked.earlier,
        )
    remedy = _get_remedies(env).get(checked.rejection)
    reason = describe_rejection(env, checked.rejection)
    return f"{reason}. {remedy}" if remedy else reason


def describe_rejection(env, rejection):
    """Tell why rows are rejected, for this reason."""
    words = {
        "no_number": env._("No number"),
        "unreadable": env._("The number cannot be read"),
        "not_possible": env._("There is no such number"),
        "not_mobile": env._("A landline, which no SMS reaches"),
        "several": env._("Several numbers in the cell"),
        "digits_lost": env._("The number has lost digits in a spreadsheet"),
        "doubtful": env._("The number can be read in two ways"),
        "no_country": env._("The country of the number is not known"),
        "unknown_country": env._("The country of the line is not understood"),
        "too_long": env._("A cell is too long"),
        "bad_character": env._("A cell has characters that are no text"),
        "broken_text": env._("The line has damaged characters"),
        "above_header": env._("A number above the header"),
        "in_list": env._("The number is in the list already"),
        "of_record": env._("The number is that of a contact or lead in the list"),
        "several_members": env._("Several members of the list have the number"),
        "twice": env._("The number is in the file twice"),
    }
    return words[rejection]


def _get_remedies(env):
    """:return: dict of rejection → what a person can do where that is not evident"""
    with_code = env._("Enter it with + and the country code.")
    return {
        "several": env._(
            "Leave one, or go back and select “Take the first mobile number”."
        ),
        "digits_lost": env._("Enter it in full, in a cell formatted as text."),
        "doubtful": with_code,
        "no_country": env._(
            "Go back and select the country, or enter the number with + and the"
            " country code."
        ),
        "unknown_country": env._(
            "Correct it, or enter the number with + and the country code."
        ),
        "broken_text": env._("Correct them, or save the file anew as UTF-8."),
        "above_header": env._("Go back and correct the line of the header."),
        "of_record": env._("Change it there: imports do not."),
    }


def explain_missing_phone(env, columns):
    """Tell why no column was chosen for the numbers.

    :param columns: of the wizard
    """
    candidates = columns.filtered("is_candidate")
    headers = ", ".join(f"“{column.header}”" for column in candidates)
    if len(candidates) > 1:
        return env._(
            "Several columns may have the numbers to send to: %(columns)s. Select"
            " the meaning “Number” for the right one.",
            columns=headers,
        )
    if candidates:
        return env._(
            "The column %(column)s may have phone numbers, or those of cards,"
            " orders and so on. If they are phone numbers, select the meaning"
            " “Number”.",
            column=headers,
        )
    return env._(
        "No column seems to have phone numbers. Check the sheet, the line of the"
        " header and the country, or select the meaning “Number” for a column."
    )


def explain_table_error(env, error):
    """Tell why a file is not read.

    :param error: a `TableError`
    """
    sentences = {
        "file_too_big": env._(
            "The file is too big: up to %(size)s MB are read. Split it.",
            size=MAX_FILE // MIB,
        ),
        "unpacked_too_big": env._(
            "There is too much in this file. Save the sheet with the people alone,"
            " or as CSV."
        ),
        "not_a_table": env._("This is no table. Save it as XLSX, ODS or CSV."),
        "not_supported": _explain_format(env, error.detail),
        "damaged": env._("The file is damaged. Save it anew."),
        "too_many_lines": env._(
            "The file has more than %(count)s lines. Split it.", count=MAX_LINES
        ),
        "too_many_columns": env._(
            "Line %(line)s has too many columns. Leave those that you need.",
            line=error.line,
        ),
        "cell_too_big": env._(
            "A cell in line %(line)s is too long: maybe a quotation mark is not"
            " closed.",
            line=error.line,
        ),
        "quote_not_closed": env._(
            "A quotation mark in line %(line)s is not closed.", line=error.line
        ),
        "no_such_sheet": env._("There is no such sheet in the file."),
    }
    return sentences[error.code]


def _explain_format(env, detail):
    sentences = {
        "password": env._("The file is protected by a password. Save it without one."),
        "archive": env._("This is an archive. Take the table out of it."),
        "picture": env._(
            "This is a picture. A table of it is needed, as XLSX, ODS or CSV."
        ),
    }
    return sentences.get(detail) or env._(
        "Files of this kind are not read. Save the table as XLSX, ODS or CSV."
    )
