from . import test_api_schema
from . import test_webhook
