from . import test_campaign_editing
from . import test_link
from . import test_lint_warnings
from . import test_read_domain
