from . import test_api_access
from . import test_api_errors
from . import test_api_idempotency
from . import test_api_schema
from . import test_api_send
from . import test_api_status
from . import test_api_v1
from . import test_webhook
