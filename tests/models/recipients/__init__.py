from . import test_chatter_log
from . import test_field_text
from . import test_gender
from . import test_list
from . import test_phone
