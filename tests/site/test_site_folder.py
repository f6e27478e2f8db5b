"""A site is published among foreign files: none is replaced, removed or written through a link."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_bindings.site import folder as site_folder
from chat_bindings.site import tree
from chat_bindings.site.folder import Unfit, publish
from chat_bindings.site.manifest import MANIFEST
from chat_bindings.site.site import version

from ..support.files import files_of
from ..support.running import cli_error

PAGE = f"{version()}/clauses.html"
OWN = hashlib.sha256(b"somebody's own").hexdigest()


@pytest.fixture(scope="module", autouse=True)
def rendered() -> Iterator[None]:
    """Render the site once for all tests of the module."""
    shared = site_folder.shared_files()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_folder, "shared_files", lambda: shared)
        for name in ("version_files", "latest_files"):
            files = getattr(site_folder, name)(shared)
            patch.setattr(site_folder, name, lambda _, files=files: files)
        yield


@pytest.fixture
def folder(site, tmp_path) -> Path:
    """Make a folder with a published site."""
    return Path(shutil.copytree(site, tmp_path / "site"))


@pytest.fixture(params=["new", "published"])
def target(request, site, tmp_path) -> Path:
    """Name a folder to publish into, which is not there yet, or holds the site already."""
    folder = tmp_path / "deep" / "site"
    return Path(shutil.copytree(site, folder)) if request.param == "published" else folder


def write(path: Path, text: str = "somebody's own") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_foreign_files_stay(site, target, tmp_path):
    """A site with a domain, notes in each folder and an empty folder is published in place, a first time and again."""
    own = ["CNAME", "404.html", "robots.txt", ".nojekyll", "latest/notes.html", "assets/logo.svg", "blog/1/post.html"]
    own += [f"{version()}/notes.html", f"{version()}/downloads/notes.txt", "1.0.0/index.html"]
    for name in own:
        write(target / name, name)
    (target / "empty").mkdir()
    (target / "elsewhere").symlink_to(tmp_path)
    publish(target)
    assert {name: (target / name).read_text(encoding="utf-8") for name in own} == {name: name for name in own}
    assert (target / "empty").is_dir()
    assert (target / "elsewhere").readlink() == tmp_path
    for path in files_of(site).keys() - {"index.html", MANIFEST}:
        assert (target / path).read_bytes() == (site / path).read_bytes(), path


@pytest.mark.parametrize(
    "path", ["index.html", PAGE, "latest/index.html", f"{version()}/downloads/world.json", MANIFEST]
)
def test_a_foreign_file_is_not_overwritten(target, path):
    """A path of the site that holds something else is named by an error, and nothing is written."""
    (target / "latest/errors.html").unlink(missing_ok=True)
    write(target / path)
    before = files_of(target)
    with pytest.raises(Unfit, match=f"holds {re.escape(path)}, which"):
        publish(target)
    assert files_of(target) == before


def test_the_command_names_a_foreign_file(tmp_path):
    """The error has the option and the path, and that nothing was changed."""
    write(tmp_path / "index.html")
    told = cli_error("publish", "-o", tmp_path)
    assert f"--output {tmp_path} holds index.html, which" in told
    assert "Nothing was changed" in told


@pytest.mark.parametrize(
    "path", ["index.html", PAGE, version(), "latest", "assets", f"{version()}/downloads", MANIFEST]
)
def test_nothing_is_written_through_a_link(target, tmp_path, path):
    """A link in the place of a file or a folder of the site is refused, and what it leads to stays."""
    moved = tmp_path / "outside" / "moved"
    if target.exists():
        moved.parent.mkdir()
        (target / path).rename(moved)
    else:
        write(moved / "notes.txt")
    (target / path).parent.mkdir(parents=True, exist_ok=True)
    (target / path).symlink_to(moved)
    before = files_of(tmp_path)
    with pytest.raises(Unfit, match=f"holds {re.escape(path)}, which is a symbolic link"):
        publish(target)
    assert files_of(tmp_path) == before
    assert (target / path).is_symlink()


def test_temporary_names_are_not_guessable_links(tmp_path):
    """Links with the names that temporary files have had, or the scratch folder has, are not followed."""
    victim = tmp_path / "victim"
    write(victim)
    folder = tmp_path / "site"
    folder.mkdir()
    for name in (f".index.html.{os.getpid()}", "new", "0"):
        (folder / name).symlink_to(victim)
    publish(folder)
    scratch = folder / ".chat-bindings-site.unfinished"
    scratch.symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"chat-bindings-site\.unfinished"):
        publish(folder)
    assert victim.read_text(encoding="utf-8") == "somebody's own"
    assert (folder / "0").is_symlink()


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_links_and_devices_are_refused(tmp_path, kind):
    """A folder or a pipe where the site has a file is left alone, and not waited for."""
    (tmp_path / "index.html").mkdir() if kind == "folder" else os.mkfifo(tmp_path / "index.html")
    with pytest.raises(Unfit, match=r"holds index\.html, which is (a folder|no regular file)"):
        publish(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


@pytest.mark.parametrize("path", ["../outside.html", "/etc/outside.html", "latest/../../outside.html", "latest\\x"])
def test_a_manifest_that_names_what_is_outside_is_refused(folder, path):
    """A manifest's path never leads out of the folder."""
    write(folder.parent / "outside.html")
    with (folder / MANIFEST).open("a", encoding="utf-8") as file:
        file.write(f"{OWN}  {path}\n")
    with pytest.raises(Unfit, match="no list of published files"):
        publish(folder)
    assert (folder.parent / "outside.html").exists()


def test_written_files_are_listed(folder):
    """The manifest is one for sha256sum, and lists all files but itself; publishing them again changes nothing."""
    finished = subprocess.run(
        ["sha256sum", "--check", "--strict", MANIFEST], cwd=folder, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    listed = {line.partition("  ")[2] for line in (folder / MANIFEST).read_text(encoding="utf-8").splitlines()}
    assert listed == files_of(folder).keys() - {MANIFEST}
    before = files_of(folder)
    assert publish(folder).files == len(listed)
    assert files_of(folder) == before


def test_files_that_the_site_no_longer_has_go(folder):
    """Files that an earlier run published and this one does not are removed, unless changed since."""
    lines = (folder / MANIFEST).read_text(encoding="utf-8")
    for path in ("latest/old.html", f"{version()}/old/page.html", f"{version()}/changed.html", "1.0.0/index.html"):
        write(folder / path)
        lines += f"{OWN}  {path}\n"
    write(folder / f"{version()}/changed.html", "changed")
    (folder / MANIFEST).write_text(lines, encoding="utf-8")
    publish(folder)
    assert not (folder / "latest/old.html").exists()
    assert not (folder / version() / "old").exists()
    assert (folder / version() / "changed.html").exists()
    assert (folder / "1.0.0/index.html").exists()
    assert "1.0.0/index.html" in (folder / MANIFEST).read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [0, 1, 30, 57])
def test_all_of_it_or_nothing(target, tmp_path, monkeypatch, place):
    """A step that fails (here a file that takes its name) leaves all as it was before."""
    if published := target.exists():
        outdate(target)
        write(target / "notes.txt")
    before = files_of(tmp_path)
    replace, calls = os.replace, iter(range(1000))

    def failing(source, target, **options):
        if next(calls) == place:
            raise OSError(28, "No space left on device")
        replace(source, target, **options)

    monkeypatch.setattr(tree.os, "replace", failing)
    with pytest.raises(OSError, match="No space left"):
        publish(target)
    assert files_of(tmp_path) == before
    assert target.parent.exists() == published


def outdate(folder: Path) -> None:
    """Replace the contents of all files of a site, and list them as an earlier version would."""
    lines = []
    for path in sorted(files_of(folder).keys() - {MANIFEST}):
        (folder / path).write_text(f"earlier {path}", encoding="utf-8")
        lines.append(f"{hashlib.sha256(f'earlier {path}'.encode()).hexdigest()}  {path}\n")
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def test_a_killed_run_is_completed_by_the_next(site, folder):
    """A run that is killed between two files is completed by the next, which has all of them as published."""
    outdate(folder)
    script = (
        "import os, pathlib, signal\n"
        "from chat_bindings.site import folder, tree\n"
        "replace, calls = os.replace, iter(range(1000))\n"
        "def dying(*a, **o): os.kill(os.getpid(), signal.SIGKILL) if next(calls) == 30 else replace(*a, **o)\n"
        "tree.os.replace = dying\n"
        f"folder.publish(pathlib.Path({str(folder)!r}))\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    publish(folder)
    assert files_of(folder) == files_of(site)


def test_a_folder_may_be_reached_by_a_link(site, tmp_path):
    """The folder's own path may have links: its user named them."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    publish(tmp_path / "link" / "site")
    assert files_of(tmp_path / "real" / "site") == files_of(site)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    """It is named, and stays."""
    write(tmp_path / "site")
    with pytest.raises(Unfit, match="is a file"):
        publish(tmp_path / "site")
    assert (tmp_path / "site").read_text(encoding="utf-8") == "somebody's own"
