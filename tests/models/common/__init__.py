from . import test_clock
from . import test_failed_statements
from . import test_moment
from . import test_prepared_statements
from . import test_sql_values
from . import test_shared_selection
