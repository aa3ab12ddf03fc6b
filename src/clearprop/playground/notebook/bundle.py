"""Several plain ES modules as one text, for where a module cannot fetch another."""

from __future__ import annotations

import re
from collections.abc import Mapping

IMPORT = re.compile(r'^import \{ ([^}]*) \} from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (const|function|async function|class) (\w+)", re.MULTILINE)


def bundled(modules: Mapping[str, str], last: str) -> str:
    """Each module in a scope of its own, in an order in which none comes before one that it imports; then the last.

    >>> print(bundled({"one": "export const a = 1;"}, 'import { a as b } from "./one.js";\\nexport default b;'))
    const $one = (() => {
    const a = 1;
    return { a };
    })();
    const { a: b } = $one;
    export default b;
    """
    parts = []
    for name, text in modules.items():
        exported = ", ".join(found[1] for found in EXPORT.findall(text))
        body = _imported(EXPORT.sub(r"\1 \2", text))
        parts.append(f"const ${name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();")
    return "\n".join([*parts, _imported(last)])


def _imported(text: str) -> str:
    """A module whose imports are taken from the scopes before it."""
    return IMPORT.sub(lambda found: f"const {{ {found[1].replace(' as ', ': ')} }} = ${found[2]};", text)
