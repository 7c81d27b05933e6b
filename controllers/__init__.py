from . import access_log
from . import api_v1
from . import campaign_export
from . import health
from . import import_sample
from . import link
from . import outage
from . import webhook
