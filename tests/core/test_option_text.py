"""Options that stand in one text are told apart again, whatever their values hold."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from lockgate.core.option_text import join_options, split_options

KEYS = st.text(alphabet="ab ,\"'\n.ü", min_size=1, max_size=4)
VALUES = st.text(alphabet="ab=, \"'\\\nü", max_size=8)


@given(options=st.dictionaries(KEYS, VALUES, max_size=4))
@example(options={"a": "x, y=1", "B c": "it's", "f": ""})
@example(options={"search_path": 'a, "b, c=d"', "work_mem": "8MB"})
@example(options={"a": "'x'\n", "b": "=, "})
def test_joined_options_are_told_apart_again(options: dict[str, str]) -> None:
    joined = join_options(f"{key}={value}" for key, value in options.items())

    assert options == split_options(joined)


def test_only_what_could_be_misread_is_quoted() -> None:
    options = ["search_path=pg_catalog, public", "b=x, y=1", 'c "d=1']

    assert 'b=\'x, y=1\', "c ""d"=1, search_path=pg_catalog, public' == join_options(options)
