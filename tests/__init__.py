from .controllers import *
from .models import *
from .providers import *
from .tools import *
