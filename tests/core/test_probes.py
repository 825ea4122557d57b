"""Probes of doctor that decide over what no server here can be brought to, such as extensions."""

from __future__ import annotations

from lockgate.core.catalog import Catalog, CatalogObject
from lockgate.core.environment import Role
from lockgate.core.finding import Finding, Severity
from lockgate.core.locate import Located
from lockgate.core.lockfile import LockFile
from lockgate.core.probes import Examined, SetUp, examine

POSTGIS = CatalogObject("extension", "postgis", "")


def database(
    name: str, *extensions: CatalogObject, offers: tuple[str, ...] = (), head: str = "one"
) -> Examined:
    catalog = Catalog("18.4", extensions)
    located = Located(name, True, (head,), (head,))
    return Examined(
        name,
        "",
        Role.STAGING,
        recorded=(head,),
        located=located,
        catalog=catalog,
        available=frozenset(offers),
    )


def found(code: str, *databases: Examined) -> list[Finding]:
    set_up = SetUp((), (), LockFile(), databases)
    return [finding for finding in examine(set_up) if finding.code == code]


def test_an_extension_that_the_other_server_does_not_offer_is_told() -> None:
    dev, prod = database("dev", POSTGIS), database("prod", head="older")

    (finding,) = found("LG-DOC-15", dev, prod)

    assert (
        "dev has the extension postgis, and the server of prod does not offer it" == finding.message
    )
    assert "install it on the server of prod" in finding.remedy


def test_an_extension_missing_at_the_same_revision_is_told() -> None:
    dev, prod = database("dev", POSTGIS), database("prod", offers=("postgis",))

    (finding,) = found("LG-DOC-15", dev, prod)

    assert "prod has it not, though both are at one" in finding.message
    assert "run `CREATE EXTENSION postgis` there" in finding.remedy


def test_an_extension_that_a_pending_revision_will_make_is_no_fault() -> None:
    dev = database("dev", POSTGIS)
    prod = database("prod", offers=("postgis",), head="older")

    assert [] == found("LG-DOC-15", dev, prod)


def test_an_incomplete_answer_is_said() -> None:
    located = Located("dev", True, ("one",), (), missing=("policies",))
    half = Examined("dev", "", Role.STAGING, recorded=("one",), located=located)

    (finding,) = found("LG-DOC-3", half)

    assert Severity.WARNING is finding.severity
    assert "the login may not read policies" in finding.message
