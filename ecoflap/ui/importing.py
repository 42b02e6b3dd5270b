"""Importing gradio in three fifths of the time: without the type stubs that it writes beside its sources for editors.

Gradio writes a .pyi file for every component class, by parsing that class's source with `ast` and a template, each time
it is imported; that is two fifths of the import, and nothing at run time reads the result.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

# The module and its function that writes the stubs (gradio 6).
MODULE, WRITES = "gradio.component_meta", "create_or_modify_pyi"


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then take the function's place."""
        super().exec_module(module)
        if hasattr(module, WRITES):
            setattr(module, WRITES, lambda *_: None)


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module from where it lies; nothing else is found here."""
        spec = PathFinder.find_spec(name, path, target) if name == MODULE else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def without_stubs() -> None:
    """From now on gradio is imported without them; called before that."""
    if "gradio" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
