from . import api_v1
from . import link
from . import webhook
