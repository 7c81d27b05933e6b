from . import test_import
from . import test_import_tour
from . import test_list_add
