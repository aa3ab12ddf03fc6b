"""What the site shows otherwise than the pages as they stand in the checkout."""

from __future__ import annotations

import re
from typing import Any

LINK_OUTSIDE = re.compile(r"!?\[([^\]]*)\]\(\.\./[^)]*\)")
LINK_TO_OTHER_LANGUAGE = re.compile(r"^\[(?:English|简体中文)\]\([\w.-]*\)\n", re.MULTILINE)
CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
BREAK_IN_CHINESE = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs with the text of each page.

    Of a link out of docs/ only its words remain, the header has the link to the other language, and a line
    that ends within a Chinese sentence does not leave a space there.
    """
    text = LINK_OUTSIDE.sub(r"\1", markdown)
    text = LINK_TO_OTHER_LANGUAGE.sub("", text)
    parts = CODE.split(text)
    return "".join(part if CODE.fullmatch(part) else BREAK_IN_CHINESE.sub("", part) for part in parts)
