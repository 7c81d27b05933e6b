from .benchmarks import *
from .controllers import *
from .models import *
from .processes import *
from .providers import *
from .tools import *
from .views import *
from .wizards import *
from . import test_architecture, test_docs, test_docs_api, test_i18n, test_readme
from . import test_vocabulary
