"""Plan and deploy where an environment has several databases, as Alembic's multidb template."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from lockgate.postgres.servers import Server
from lockgate.workflows.deploy import Deployed, deploy
from tests.conftest import NewDatabase, RunLockgate
from tests.deploying.conftest import Site
from tests.test_adoption import ENGINES, make_repository


@pytest.fixture
def fleet(
    tmp_path: Path,
    lockgate: RunLockgate,
    server: Server,
    second_server: Server,
    new_database: NewDatabase,
) -> Site:
    """DEV at head and PROD at base, each with two databases on a server of its own."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    make_repository(folder, "multidb")
    urls = {}
    tables = [f'[scratch]\nurl = "{server.url.render()}"\n']
    for name, role, where in (
        ("dev", "development", server),
        ("prod", "production", second_server),
    ):
        tables.append(f'[environments.{name}]\nrole = "{role}"\n')
        tables.append('requires = ["dev"]\n' if name == "prod" else "")
        tables.append(f"[environments.{name}.databases]\n")
        for engine in ENGINES:
            urls[f"{name}/{engine}"] = new_database(where)
            tables.append(f'{engine} = "{urls[f"{name}/{engine}"].render()}"\n')
    (folder / "lockgate.toml").write_text("".join(tables))
    site = Site(folder, urls, lockgate, ExitStack())
    site.rehearse()
    site.enroll("dev", "prod")
    site.upgrade("dev")
    site.commit()
    return site


def run(site: Site) -> Deployed:
    return deploy(
        site.workspace,
        "prod",
        plan_file=None,
        to=None,
        waivers={},
        show=lambda _: None,
        approve=lambda _: None,
    )


def test_deploy_takes_every_database_there_and_proves_them_all(fleet: Site) -> None:
    done = run(fleet)

    assert [v for v in done.plan.verdicts if not v.ok] == []
    assert ((), ("c3",)) == (done.plan.from_heads, done.plan.to_heads)
    assert [["c3"], ["c3"]] == [fleet.version(f"prod/{engine}") for engine in ENGINES]
    assert done.plan.to_fingerprint is not None
    assert fleet.columns("prod/engine2", "log") == ["id", "line"]


def test_gates_look_at_every_database(fleet: Site) -> None:
    fleet.do("prod/engine2", "CREATE TABLE leftover ()")

    verdicts = {verdict.gate: verdict.ok for verdict in fleet.plan().verdicts}

    assert not verdicts["start-state"]
    assert verdicts["rehearsed"]
