from . import test_import
from . import test_list_add
