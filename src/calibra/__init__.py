"""How far each rep's ranks of prospects agree with what comes of them, and what to do about it.

The public names stand in `__init__.pyi` and are loaded on first use (PEP 562, SPEC 1), so that `import calibra` stays
quick.
"""

import lazy_loader

from calibra.version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
