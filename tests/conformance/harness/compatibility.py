"""What SQLAlchemy 1.1 needs of Python's library and newer Pythons no longer have; 1.2 and later bring it along themselves."""

import collections
import inspect
from importlib.metadata import version

# Only in collections.abc since Python 3.10.
MOVED = ("Callable", "Iterable", "Mapping", "MutableMapping", "MutableSet", "Sequence", "Set")


def formatargspec(args, varargs=None, varkw=None, defaults=None, kwonlyargs=(), kwonlydefaults=None, annotations=None, formatvalue=None):
    """inspect.formatargspec, which Python 3.11 dropped: the text of a signature without annotations."""
    formatvalue = formatvalue or (lambda value: f"={value!r}")
    values = dict(zip(reversed(args), reversed(defaults or ()))) | (kwonlydefaults or {})

    def parameter(name):
        return name + (formatvalue(values[name]) if name in values else "")

    names = [parameter(name) for name in args]
    if varargs is not None:
        names.append(f"*{varargs}")
    elif kwonlyargs:
        names.append("*")
    names += [parameter(name) for name in kwonlyargs or ()]
    if varkw is not None:
        names.append(f"**{varkw}")
    return f"({', '.join(names)})"


def install():
    if not version("SQLAlchemy").startswith("1.1."):
        return
    for name in MOVED:
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    if not hasattr(inspect, "formatargspec"):
        inspect.formatargspec = formatargspec
