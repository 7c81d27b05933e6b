from . import test_import
from . import test_import_columns
from . import test_import_report
from . import test_import_texts
from . import test_import_tour
from . import test_import_updates
from . import test_list_add
from . import test_route_check
