from . import test_api_schema
