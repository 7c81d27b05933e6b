from .controllers import *
from .models import *
from .processes import *
from .providers import *
from .tools import *
