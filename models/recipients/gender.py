"""Gender: how texts address a person."""

GENDERS = [("male", "Male"), ("female", "Female")]
