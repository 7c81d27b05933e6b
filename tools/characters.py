"""Characters that no text of ours may have."""

import re

#: U+0000 and lone surrogates: PostgreSQL stores neither, UTF-8 has none of the latter.
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
