from . import test_addresses
from . import test_capability_matrix
from . import test_cleaning
<<<<<<< HEAD
from . import test_exolve
=======
from . import test_eskiz
>>>>>>> asia
from . import test_gate_engine
from . import test_http_client
from . import test_mobizon
from . import test_provider_contract
from . import test_reading
from . import test_sandbox
from . import test_setting_kinds
from . import test_sms_ru
<<<<<<< HEAD
from . import test_twilio
from . import test_vonage
=======
from . import test_tokens
>>>>>>> asia
from . import test_xml_gate
from . import test_xml_gate_simulator
from . import test_zvonok
