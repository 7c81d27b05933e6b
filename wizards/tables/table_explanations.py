"""Why rows of tables of numbers and prices are not imported, and what to do."""


def explain_row(env, checked):
    """Tell why a row is not imported."""
    if checked.earlier:
        return env._(
            "The price is already in row %(line)s of the file", line=checked.earlier
        )
    sentences = {
        "no_number": env._("The number could not be recognized"),
        "no_range": env._(
            "No range of numbers. Enter a three-digit code and seven digits, or full"
            " numbers with + and the country code."
        ),
        "foreign_code": env._(
            "Codes of three digits are those of Russia. Go back and select Russia as"
            " the country."
        ),
        "no_operator": env._("The operator is missing"),
        "no_price": env._("The price could not be recognized"),
        "doubtful_price": env._(
            "The price can be read in two ways. Go back and select the decimal mark."
        ),
        "negative_price": env._("The price is negative"),
        "foreign_currency": env._(
            "The price is in another currency than that of the route's company. Convert"
            " it."
        ),
        "no_prefix": env._("The number prefix could not be recognized"),
        "doubtful_prefix": env._(
            "The country of the number prefix is unknown. Enter it with + and the"
            " country code."
        ),
        "unknown_category": env._(
            "The category was not recognized. Enter advertising, service, transactional"
            " or code."
        ),
        "unknown_channel": env._("The channel was not recognized. Enter SMS or voice."),
        "no_date": env._("The date could not be recognized"),
        "unknown_country": env._("The country of the number is unknown"),
        "broken_text": env._("The row contains damaged characters"),
    }
    return sentences[checked.rejection]
