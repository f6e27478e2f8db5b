"""The published site as files: whole, the same each time, small, and with no link that leads nowhere."""

import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from chat_bindings.site.contract.clauses import by_section
from chat_bindings.site.contract.errors import errors
from chat_bindings.site.contract.reference import operations, schemas
from chat_bindings.site.folder import publish
from chat_bindings.site.manifest import MANIFEST
from chat_bindings.site.pages import titles
from chat_bindings.site.site import version
from chat_bindings.verify.suite import clauses

from ..support.files import files_of
from ..support.markup import Markup
from ..support.running import CLI, environment

MEGABYTE = 1_000_000
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Markup]:
    return {path.resolve(): Markup(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def ids(page: Markup) -> list[str]:
    return [value for _, value in page.values("id")]


def test_there_is_a_page_for_each_thing(site):
    """Each version has all pages, `latest` has all that a version has, and the root lists the versions."""
    names = {f"{name}.html" for name in titles()}
    assert {path.name for path in site.iterdir()} == {MANIFEST, "assets", "index.html", "latest", version()}
    for folder in (version(), "latest"):
        assert {path.name for path in (site / folder).iterdir()} == names | {"downloads"}
    assert files_of(site / "latest/downloads") == files_of(site / version() / "downloads")


def test_no_link_leads_nowhere(pages):
    """Every link of every page is relative and leads to a file, and to a name in it, or is for readers to follow."""
    for path, page in pages.items():
        assert len(ids(page)) == len(set(ids(page))), path
        for tag, link in page.values("href", "src", "data-entries"):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert (tag, parts.scheme) in {("a", "https"), ("link", "data")}, f"{path.name}: {link}"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment:
                assert parts.fragment in ids(pages[target]), f"{path.name}: {link}"


def test_no_page_breaks_its_policy(pages):
    """Every page forbids whatever is not its own, inline scripts and styles above all, and has none."""
    for path, page in pages.items():
        [policy] = [each["content"] for _, each in page.elements if each.get("http-equiv") == "Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        connect = "*" if path.name == "try.html" and path.parent.name != "latest" else "'none'"
        assert rules == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "connect-src": connect,
            "base-uri": "'none'",
            "form-action": "'none'",
        }
        assert not [name for _, given in page.elements for name in given if name.startswith("on") or name == "style"]
        assert "style" not in {tag for tag, _ in page.elements}
        assert page.inline.strip() == ""


def test_all_of_the_contract_is_there(site, pages):
    """Each operation, parameter, answer, schema, property, clause (with an example) and error has its own place."""
    reference = set(ids(pages[(site / version() / "reference.html").resolve()]))
    for operation in operations():
        assert {each.anchor for each in (operation, *operation.parameters, *operation.responses)} <= reference
    for schema in schemas():
        assert {each.anchor for each in (schema, *schema.properties)} <= reference
    shown = [each for section in by_section().values() for each in section]
    assert {each.clause for each in shown} == set(clauses())
    assert {each.clause.id for each in shown} <= set(ids(pages[(site / version() / "clauses.html").resolve()]))
    assert [each.clause.id for each in shown if not each.place.example or not each.excerpt] == []
    spec = yaml.safe_load((ROOT / "openapi/bindings.yaml").read_text(encoding="utf-8"))
    assert {each.code for each in errors()} == set(spec["components"]["schemas"]["Error"]["properties"]["code"]["enum"])
    named = {example for each in errors() for example in (one.name for one in each.examples)}
    codes = {name for name, each in spec["components"]["examples"].items() if "code" in each["value"]}
    assert named == codes


def test_the_site_is_small(site):
    """All of it is less than 2 MB."""
    assert sum(map(len, files_of(site).values())) < 2 * MEGABYTE


def test_the_same_bytes_come_out_each_time(site, tmp_path):
    """Another process, with other hashes and another clock, writes the same, and prints how much."""
    command, env = [*CLI, "publish", "-o", tmp_path / "again"], environment(PYTHONHASHSEED="7", TZ="Asia/Tokyo")
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    files = files_of(tmp_path / "again")
    assert files == files_of(site)
    assert f"Published {version()} (1 version, {len(files) - 1} files, " in done.stdout


def test_versions_stand_side_by_side(site, tmp_path):
    """An older version stays beside the new one, and a newer one stays the latest."""
    for name in ("1.9.0", "10.0.0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name, encoding="utf-8")
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "index.html").write_text("10.0.0", encoding="utf-8")
    assert publish(tmp_path).versions == ["10.0.0", version(), "1.9.0"]
    assert (tmp_path / "1.9.0" / "index.html").read_text(encoding="utf-8") == "1.9.0"
    assert (tmp_path / "latest" / "index.html").read_text(encoding="utf-8") == "10.0.0"
    assert files_of(tmp_path / version()) == files_of(site / version())
    root = Markup((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert [link for tag, link in root.values("href") if tag == "a"][1:] == [
        *(f"{each}/index.html" for each in ("10.0.0", version(), "1.9.0", "latest"))
    ]
