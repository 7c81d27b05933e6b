from . import test_addresses
from . import test_cleaning
from . import test_http_client
from . import test_provider_contract
from . import test_sandbox
from . import test_sms_ru
from . import test_xml_gate
from . import test_xml_gate_simulator
