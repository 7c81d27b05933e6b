from . import test_campaign_report
from . import test_dashboard
from . import test_statistic
