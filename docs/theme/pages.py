"""What ProperDocs calls while it makes the pages: addresses without .html, anchors as the API names them."""

import re
from pathlib import Path
from typing import Any, Final

from properdocs.structure.files import File, Files

_ROOT: Final = Path(__file__).resolve().parents[2]
# From the pages of the product, so that both look alike.
_SHARED: Final = {"assets/base.css": "static/core/base.css", "assets/icon.svg": "static/paypages/icon.svg"}
_LOCAL_LINK: Final = re.compile(r'href="(?![a-z]+:|/|#)([^"#?]*?)(index)?\.html(#[^"]*)?"')
_OUTSIDE: Final = re.compile(r"\[([^\]]+)\]\((?:\.\./)+[^)]+\)")
_REST: Final = "More"


def anchor(heading: str, separator: str) -> str:
    """Return the anchor that ``documentation_url`` points to: ``INVALID_AMOUNT`` becomes ``invalid-amount``."""
    return re.sub(r"[^a-z0-9]+", separator, heading.lower()).strip(separator)


def on_config(config: Any) -> Any:
    """Name anchors our way, and list the pages that nobody put into the contents at their end."""
    config["mdx_configs"]["toc"] = {"slugify": anchor, "toc_depth": "2-3"}
    named = set(re.findall(r"[\w/-]+\.md", str(config["nav"])))
    rest = sorted({path.name for path in Path(config["docs_dir"]).glob("*.md")} - named)
    if rest:
        config["nav"].append({_REST: rest})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add what the pages share with those of the product."""
    for address, path in _SHARED.items():
        files.append(File.generated(config, address, abs_src_path=str(_ROOT / path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leave of links to files outside of docs/ their text: here there are no such files."""
    return _OUTSIDE.sub(r"\1", markdown)


def on_post_page(output: str, **_: Any) -> str:
    """Write addresses as they are served, ``webhooks`` not ``webhooks.html``; let keys scroll long lines of code."""
    return _LOCAL_LINK.sub(_served, output.replace("<pre>", '<pre tabindex="0">'))


def on_post_template(output_content: str, **_: Any) -> str:
    """Do the same in the page of the search."""
    return _LOCAL_LINK.sub(_served, output_content)


def _served(link: re.Match[str]) -> str:
    return f'href="{link[1] or ("./" if link[2] else "")}{link[3] or ""}"'
