"""How a page begins that stands for itself: it loads nothing, and can be read in the dark."""

from __future__ import annotations

from html import escape

_STYLE = """\
:root { color-scheme: light dark; --red: #b3261e; --yellow: #8a5a00; --dim: #667; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --red: #ff8a80; --yellow: #ffc04d; --dim: #99a; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 2.5rem 0 0 } h3 { font-size: 1rem }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { white-space: pre-wrap; margin: .3rem 0; padding: .6rem .8rem; background: #8881; }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 } th { text-align: left }
th, td { padding: .2rem 1rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
article { margin: 1.2rem 0; padding-left: .9rem; border-left: 4px solid var(--line) }
article.reads { border-color: var(--red) } article.writes { border-color: var(--yellow) }
.reads td.lock, .error b { color: var(--red) } .writes td.lock, .warning b { color: var(--yellow) }
.dim, .file { color: var(--dim) } p { margin: .3rem 0 } .finding { margin: .5rem 0 }"""


def page_start(title: str) -> str:
    """All up to the first words below the heading."""
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>",
            f"<h1>{escape(title)}</h1>",
        )
    )
