from . import api_v1
from . import webhook
