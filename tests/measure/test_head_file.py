"""Last layers from files of every kind, and files that are none."""

import numpy as np
import pytest

from ncsolve._measure.head_file import read_head
from ncsolve.errors import FileError, MissingPackageError

W, B = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0])


def layers(**more):
    return {"features.0.weight": np.ones((4, 1, 3, 3)), "bn.weight": np.ones(4), "fc.weight": W, "fc.bias": B, **more}


def saved(folder, kind, tensors):
    path = folder / f"model.{kind}"
    if kind == "npz":
        np.savez(path, **tensors)
    elif kind == "safetensors":
        from safetensors.numpy import save_file

        save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, path)
    else:
        torch = pytest.importorskip("torch", reason="torch is not installed")
        torch.save({"state_dict": {key: torch.tensor(value) for key, value in tensors.items()}, "epoch": 3}, path)
    return str(path)


@pytest.mark.parametrize("kind", ["npz", "safetensors", "pt"])
def test_the_last_layer_is_found(tmp_path, kind):
    found = read_head(saved(tmp_path, kind, layers()))
    assert np.array_equal(found.W, W)
    assert np.array_equal(found.b, B)
    assert found.sentence == f"head model.{kind}, fc: W 2 x 3, b 2"
    wrapped = saved(tmp_path, kind, {f"module.{key}": value for key, value in layers().items()})
    assert np.array_equal(read_head(wrapped).W, W)
    both = saved(tmp_path, kind, layers(**{"proj.weight": np.ones((5, 3))}))
    assert np.array_equal(read_head(both).W, W)  # the one that is called as last layers are
    assert read_head(both, "proj").b is None
    assert read_head(both, "module.proj").W.shape == (5, 3)


def test_arrays(tmp_path):
    np.save(tmp_path / "W.npy", W.astype(np.float16))
    np.save(tmp_path / "b.npy", B)
    found = read_head(f"{tmp_path / 'W.npy'},{tmp_path / 'b.npy'}")
    assert np.array_equal(found.W, W)
    assert np.array_equal(found.b, B)
    assert read_head(str(tmp_path / "W.npy")).b is None
    np.savez(tmp_path / "all.npz", W=W, b=B, features=np.ones((9, 3)))
    assert read_head(str(tmp_path / "all.npz")).sentence == "head all.npz, W: W 2 x 3, b 2"


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 1), (0, 3)])
def test_arrays_that_are_no_matrix(tmp_path, shape):
    np.save(tmp_path / "W.npy", np.ones(shape))
    np.save(tmp_path / "b.npy", np.ones(2))
    for text in (f"{tmp_path / 'W.npy'}", f"{tmp_path / 'W.npy'},{tmp_path / 'b.npy'}"):
        with pytest.raises(FileError, match="W must be a matrix"):
            read_head(text)
    np.save(tmp_path / "W.npy", W)
    np.save(tmp_path / "b.npy", np.ones(3))
    with pytest.raises(FileError, match="one entry per row of W"):
        read_head(f"{tmp_path / 'W.npy'},{tmp_path / 'b.npy'}")
    np.save(tmp_path / "W.npy", 1e200 * W)
    with pytest.raises(FileError, match="below 1e"):
        read_head(f"{tmp_path / 'W.npy'}")


def test_half_precision_of_torch(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from safetensors.torch import save_file

    tensors = {"fc.weight": torch.tensor(W, dtype=torch.bfloat16), "fc.bias": torch.tensor(B, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "m.safetensors")
    torch.save(tensors, tmp_path / "m.pt")
    for name in ("m.safetensors", "m.pt"):
        assert np.array_equal(read_head(str(tmp_path / name)).W, W)


def test_checkpoints_that_can_run_code_are_refused(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.save(torch.nn.Linear(3, 2), tmp_path / "module.pt")
    with pytest.raises(FileError, match=r"save model\.state_dict\(\)"):
        read_head(str(tmp_path / "module.pt"))


@pytest.mark.parametrize(
    ("tensors", "name", "message"),
    [
        (layers(**{"fc.weight": np.ones((2, 3, 1))}), None, "no matrix of weights"),
        ({"a.weight": W, "b.weight": W}, None, "choose one with --head-name"),
        ({"fc.weight": W, "head.weight": W}, None, "choose one with --head-name"),
        (layers(), "head", "no linear layer 'head'"),
        (layers(), "bn", "no linear layer 'bn'"),
        (layers(**{"fc.bias": np.ones(3)}), None, "one entry per row"),
        (layers(**{"fc.weight": np.full((2, 3), np.nan)}), None, "finite"),
        ({"W": np.array([["a"]])}, None, "real numbers"),
        ({"x": W}, None, "no matrix of weights"),
    ],
)
def test_what_is_no_head_is_said_in_a_line(tmp_path, tensors, name, message):
    with pytest.raises(FileError, match=message) as caught:
        read_head(saved(tmp_path, "npz", tensors), name)
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path, monkeypatch):
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    for text, message in (
        ("bad.npz", "npz"), ("bad.npy", "npy"), ("bad.safetensors", "cannot|can be read"), ("none.npy", "none"),
        ("x.txt", "unknown file ending"), ("a.npy,b.npy,c.npy", "two files"),
    ):
        with pytest.raises(FileError, match=message):
            read_head(",".join(str(tmp_path / part) for part in text.split(",")))
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    with pytest.raises(MissingPackageError, match=r"ncsolve\[safetensors\]"):
        read_head(str(tmp_path / "bad.safetensors"))
