"""docs/locks.json and docs/locks.md against the servers, and predictions against both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from lockgate.core.effect import StatementEffects
from lockgate.core.effects import Structure, apply, predict
from lockgate.core.sql.trees import parse
from tests.effects.conftest import LabOf
from tests.effects.corpus import FORMS, Form, forms_of
from tools.truth_table import (
    JSON,
    MAJORS,
    MARKDOWN,
    OPENING,
    current,
    markdown,
    observe_all,
    recorded,
    statement_document,
)

SeenOf = Callable[[int], dict[Form, StatementEffects]]


@pytest.fixture(scope="session")
def seen_of(lab_of: LabOf) -> SeenOf:
    """What every form of the corpus did on a major."""
    return cache(lambda major: observe_all(lab_of(major), major))


@cache
def document() -> dict[str, Any]:
    return dict(json.loads(JSON.read_text("utf-8")))


def test_the_table_is_what_servers_show(any_major: int, seen_of: SeenOf) -> None:
    known, now = recorded(any_major, document()), current(seen_of(any_major))

    differ = {form: (known.get(form), now.get(form)) for form in known.keys() | now.keys()}
    assert {} == {form: pair for form, pair in differ.items() if pair[0] != pair[1]}, (
        "make locks writes docs/locks.json and docs/locks.md anew"
    )


def test_the_page_is_what_the_json_makes() -> None:
    assert markdown(document(), OPENING.read_text("utf-8")) == MARKDOWN.read_text("utf-8")


def test_the_table_has_every_form_of_every_major() -> None:
    assert list(MAJORS) == document()["majors"]
    for major in MAJORS:
        assert len(forms_of(major)) == len(recorded(major, document()))
    assert 250 <= len(FORMS)


@pytest.mark.parametrize("major", MAJORS)
def test_prediction_and_observation_agree(major: int) -> None:
    assert [] == list(disagreements(major))


def disagreements(major: int) -> Iterator[str]:
    """Where what is predicted of a form is not what the table says was observed."""
    known = recorded(major, document())
    for form in forms_of(major):
        predicted = statement_document(predicted_of(form, major))
        observed = known[form.group, form.given, form.sql]
        if predicted != observed:
            yield f"{form.given} >> {form.sql}\n  predicted {predicted}\n  observed {observed}"


def predicted_of(form: Form, major: int) -> StatementEffects:
    """What is predicted of a form, on what its set-up leaves."""
    structure = Structure.empty()
    structure.complete = True
    for given in parse(form.given):
        apply(structure, given)
    (parsed,) = parse(form.sql)
    return predict(parsed, structure, major)
