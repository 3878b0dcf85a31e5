"""Files of codes and of counts: separators, headers, and codes that are matched to the classes by name."""

from dataclasses import replace

import numpy as np
import pytest

from ncsolve._files.reading.codes import read_codes
from ncsolve._files.reading.kinds import names_a_file
from ncsolve._files.reading.samples import read_counts
from ncsolve.cli._geometry import parse_geometry
from ncsolve.cli._problem_options import ProblemArguments
from ncsolve.cli._ranges import parse_class_range
from ncsolve.cli._request import request
from ncsolve.encodings import from_file
from ncsolve.errors import FileError, ProblemError
from tests.command import document, said


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


READ = [
    ("a.csv", "1,0\n0,1\n", {}, [[1, 0], [0, 1]], ""),
    ("a.csv", "0,5;1,0\n1,0;0,5\n", {}, [[0.5, 1], [1, 0.5]], "decimal commas, semicolons between"),
    ("a.csv", "0,5;1\n1;0,5\n", {}, [[0.5, 1], [1, 0.5]], "decimal commas"),
    ("a.tsv", "0,5\t1,0\n", {}, [[0.5, 1]], "decimal commas, tabs between"),
    ("a.CSV", "1;0\n0;1\n", {}, [[1, 0], [0, 1]], ""),
    ("a.tsv", "1\t0\n0\t1\n", {}, [[1, 0], [0, 1]], ""),
    ("a.txt", "0 1\n1 0\n", {}, [[0, 1], [1, 0]], ""),  # .txt has no header unless told
    ("a.csv", "1, 0\n0, 1\n", {}, [[1, 0], [0, 1]], ""),
    ("a.csv", "1,2,5\n", {}, [[1, 2, 5]], ""),  # one line is data
    ("a.csv", "0,1,2\n", {}, [[0, 1, 2]], ""),
    ("a.csv", "cat,dog\n1,0\n0,1\n", {}, [[1, 0], [0, 1]], "line 1 names the classes"),
    ("a.csv", "0,1,2\n1,0,0\n0,1,0\n", {"header": True}, [[1, 0, 0], [0, 1, 0]], "line 1 numbers the columns"),
    ("a.csv", "0,1,2\n1,0,0\n", {"header": False}, [[0, 1, 2], [1, 0, 0]], ""),
    ("a.csv", ",0,1\n0,1.0,0.0\n1,0.0,1.0\n", {}, [[1, 0], [0, 1]], "the first column numbers the rows"),
    ("a.csv", ",cat,dog\n0,1,0\n1,0,1\n", {}, [[1, 0], [0, 1]], "line 1 names the classes"),
    ("a.csv", "# outputs x classes\n1;0\n\n.5;2.\n", {}, [[1, 0], [0.5, 2]], ""),
    ("a.csv", '"1","0"\n"0","1"\n', {}, [[1, 0], [0, 1]], ""),
    ("a.csv", "1,0\r0,1\r", {}, [[1, 0], [0, 1]], ""),
    ("a.csv", "0,5;1,0\n0;1\n", {}, [[0.5, 1], [0, 1]], "decimal commas, semicolons"),  # the first row is no header
    ("a.csv", "0,5\t1,0\n0\t1\n", {}, [[0.5, 1], [0, 1]], "decimal commas, tabs"),
    ("a.csv", '"","V1","V2"\n"1",1,0\n"2",0,1\n', {}, [[1, 0], [0, 1]], "the first column numbers the rows"),  # R
    ("a.txt", '"V1" "V2"\n"1" 1 0\n"2" 0 1\n', {"header": True}, [[1, 0], [0, 1]], "the first column numbers the rows"),
    ("a.csv", "V1,V2\n1,1,0\n2,0,1\n", {}, [[1, 0], [0, 1]], "the first column numbers the rows"),
    ("a.csv", "Unnamed: 0,a,b\n0,1,0\n1,1,1\n", {}, [[1, 0], [1, 1]], "the first column numbers the rows"),
]


@pytest.mark.parametrize(("name", "content", "options", "codes", "words"), READ)
def test_what_is_read(tmp_path, name, content, options, codes, words):
    found = read_codes(written(tmp_path, name, content), **options)
    np.testing.assert_array_equal(found.matrix, codes)
    assert words in found.sentence
    assert np.array([[float(text) for text in row] for row in found.texts]).tolist() == found.matrix.tolist()


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "0,1,2\n1,0,0\n0,1,0\n0,0,1\n", {}, "line 1, 0,1,2, can number the columns.*3 rows.*4 rows; say"),
        ("a.csv", "0,1\n1,0\n", {}, "--header or --no-header"),
        ("a.csv", "1,0;0\n0;1,0;1\n", {}, "one kind of separator"),
        ("a.csv", "1,0 0,1\n0,1 1,0\n", {}, "commas and white space"),
        ("a.csv", "0.1, 0.2; 1e-3\n1,0\t-2.50\n", {}, "one kind of separator"),
        ("a.csv", "1_0,0\n0,1\n", {}, "expected a number; got '1_0'"),
        ("a.csv", "1,0\n0,\u0661\n", {}, "line 2: expected a number"),
        ("a.txt", "cat dog\n1 0\n", {}, "line 1: expected a number; got 'cat'"),
        ("a.csv", "cat,1\n1,0\n", {}, "expected a number; got 'cat'"),
        ("a.csv", "cat,cat\n1,0\n", {}, "'cat' comes twice"),
        ("a.csv", "1,0\n", {"header": True}, "one row, which cannot be a header"),
        ("a.csv", "1e400,0\n0,1\n", {}, "line 1: the number 1e400 is outside the range of floats"),
        ("a.csv", "1,0\n0,1e-400\n", {}, "line 2: the number 1e-400 is outside the range of floats"),
        ("a.dat", "1 0\n", {}, "unknown file ending '.dat'"),
        ("a.csv", "1,0,\n0,1,\n", {}, "expected a number; got '' .the lines end with a separator"),
        ("a.csv", ",0,1\na,1,0\nb,0,1\n", {}, r"names the rows \(a, b\); take it out, and transpose"),
        ("a.csv", "V1,V2\nr,1,0\ns,0,1\n", {}, r"names the rows \(r, s\)"),
        ("a.csv", "sep=;\n1;0\n0;1\n", {}, "a note for Excel"),
        ("a.csv", "1/2,0\n0,1\n", {}, "got '1/2'$"),  # --header would drop a row
        ("a.csv", "a,b\n", {}, "got 'a'$"),
        ("a.csv", "a,b\n5,1,0\n7,0,1\n", {}, r"names the rows \(5, 7\)"),
        ("a.csv", "a,b\n1,2,1,0\n3,4,0,1\n", {}, "line 1: the header must name each column; it has 2 names, and there"),
    ],
)
def test_what_is_refused(tmp_path, name, content, options, message):
    with pytest.raises(FileError, match=message) as caught:
        from_file(written(tmp_path, name, content), **options)
    assert "\n" not in str(caught.value)


def test_what_is_a_file():
    files = ("a.csv", "a.CSV", "codes.dat", "sub/codes", "C:\\codes", "-", "/dev/stdin", "a.b.npy")
    specs = ("onehot", "affine:1.5,-0.2", "affine:1.e2", "smoothed:.1", "400,100")
    assert all(map(names_a_file, files))
    assert not any(map(names_a_file, specs))


def test_counts_from_a_file(tmp_path):
    for name, content in (("a.csv", "5,20,1\n"), ("a.txt", "5\n20\n1\n"), ("b.csv", "count\n5\n20\n1\n")):
        found = request(ProblemArguments(counts=str(written(tmp_path, name, content))))
        assert list(found.problem.counts) == [5, 20, 1]
        assert "the samples of 3 classes" in found.read[0]
    np.save(tmp_path / "a.npy", np.array([]))
    with pytest.raises(FileError, match="one row or one column"):
        read_counts(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.array([5, 20, 1]))
    assert read_counts(tmp_path / "a.npy").counts == (5, 20, 1)
    assert read_counts(written(tmp_path, "c.txt", "9007199254740993 1\n")).counts == (9007199254740993, 1)
    for content, message in (("1,2.5\n", "class 1 has 2.5"), ("3,0\n", "class 1 has 0"), ("1,2\n3,4\n", "one row or")):
        with pytest.raises(FileError, match=message):
            read_counts(written(tmp_path, "bad.csv", content))
    for content in (",count\ncat,2\ndog,1\n", "cat,2\ndog,1\n", "y,count\n3,2\n1,1\n"):  # value_counts().to_csv()
        with pytest.raises(FileError, match=r"take out other columns.*value_counts\(\)") as caught:
            read_counts(written(tmp_path, "bad.csv", content))
        assert "transpose" not in str(caught.value)
    assert "column 'count'" in read_counts(tmp_path / "b.csv").sentence
    found = request(ProblemArguments(counts=str(written(tmp_path, "d.csv", "dog,cat\n5,20\n"))))
    assert found.problem.class_names == ("dog", "cat")
    file = written(tmp_path, "p.toml", 'counts = "a.csv"\n')
    assert list(request(ProblemArguments(problem=file)).problem.counts) == [5, 20, 1]


def test_codes_are_matched_to_the_labels_by_name(tmp_path):
    labels = written(tmp_path, "y.csv", "y\nb\na\na\nc\nc\nc\n")
    codes = written(tmp_path, "codes.csv", "c,a,b\n1,2,3\n4,5,6\n")
    found = request(ProblemArguments(labels=labels, encoding=str(codes)))
    assert found.problem.class_names == ("a", "b", "c")
    assert found.problem.encoding.matrix.tolist() == [[2, 3, 1], [5, 6, 4]]
    assert list(found.problem.counts) == [2, 1, 3]
    assert found.encoding == (("2", "3", "1"), ("5", "6", "4"))  # what a certificate takes
    assert "put in the order of the labels' classes" in found.read[1]
    assert request(ProblemArguments(counts="1,2,3", encoding=str(codes))).problem.class_names == ("c", "a", "b")
    written(tmp_path, "codes.csv", "a,b,d\n1,2,3\n")
    with pytest.raises(ProblemError, match=r"class 'c' of y.csv has no code in codes.csv"):
        request(ProblemArguments(labels=labels, encoding=str(codes)))
    written(tmp_path, "codes.csv", "a,b,c,d\n1,2,3,4\n")
    with pytest.raises(ProblemError, match=r"class 'd' of codes.csv has no sample in y.csv"):
        request(ProblemArguments(labels=labels, encoding=str(codes)))


def test_a_header_of_the_codes_is_none_of_the_labels(tmp_path):
    """--header holds for all files: where it would take a label away, or line 1 may name the labels, this is said."""
    labels = written(tmp_path, "y.txt", "1\n2\n3\n1\n")
    codes = written(tmp_path, "codes.csv", "1,2,3\n1,0,0\n0,1,0\n")
    asked = ProblemArguments(labels=labels, encoding=str(codes))
    with pytest.raises(ProblemError, match=r"line 1, 1,2,3, can name the classes of y.txt.*say --header"):
        request(asked)
    with pytest.raises(ProblemError, match=r"--header holds for all files.*take line 1 out of codes.csv"):
        request(replace(asked, header=True))
    assert request(replace(asked, header=False)).problem.code_length == 3
    named = written(tmp_path, "y.csv", "y\n1\n2\n3\n1\n")
    assert request(replace(asked, labels=named, header=True)).problem.code_length == 2
    two = written(tmp_path, "three.txt", "1\n3\n3\n")
    with pytest.raises(ProblemError, match=r"line 1, 1,3, can name the classes of three.txt"):
        request(ProblemArguments(labels=two, encoding=str(written(tmp_path, "two.csv", "1,3\n1,0\n0,1\n"))))
    two = written(tmp_path, "two.txt", "-1\n1\n1\n")
    signed = written(tmp_path, "signed.csv", "-1,1\n1,-1\n")
    assert request(ProblemArguments(labels=two, encoding=str(signed))).problem.code_length == 2


def test_header_and_seed_of_a_problem_file_hold_in_compare_and_design(tmp_path):
    written(tmp_path, "y.csv", "y\na\nb\nb\n")
    codes = written(tmp_path, "codes.csv", "0,1\n1,0\n1,1\n")
    file = written(tmp_path, "p.toml", 'labels = "y.csv"\nheader = true\nseed = 3\n')
    for words, found in (
        (["compare", "--encodings", f"onehot,{codes}"], "line 1 numbers the columns"),
        (["compare", "--encodings", "ecoc:9,onehot"], "ecoc:9"),
        (["design", "--geometry", str(written(tmp_path, "gram.csv", "0,1\n1,0\n0,1\n"))], "a Gram matrix of 2 classes"),
    ):
        assert found in said(*words, "--problem", file)
    asked = request(ProblemArguments(problem=file))
    assert (asked.seed, asked.header) == (3, True)


def test_a_gram_matrix_is_matched_to_the_labels_by_name(tmp_path):
    file = written(tmp_path, "gram.csv", "low,medium,high\n1,0.5,0\n0.5,1,0.25\n0,0.25,1\n")
    found = parse_geometry(str(file))
    assert not found.unit
    assert found.for_classes(3, ("high", "low", "medium")).tolist() == [[1, 0, 0.25], [0, 1, 0.5], [0.25, 0.5, 1]]
    with pytest.raises(ProblemError, match="the Gram matrix and the labels must have the same classes; 'high' is in"):
        found.for_classes(3, ("low", "medium", "tall"))


def test_a_class_without_samples_is_named(tmp_path):
    labels = written(tmp_path, "g.txt", "0\n0\n3\n1\n")
    codes = written(tmp_path, "codes.csv", "0,1,1,1\n0,0,1,1\n0,0,0,1\n")
    with pytest.raises(ProblemError, match=r"class 2 has no sample in g.txt, whose labels are 0, 1, 3"):
        request(ProblemArguments(labels=labels, encoding=str(codes)))
    with pytest.raises(ProblemError, match="class 2 has no sample"):
        request(ProblemArguments(labels=labels, classes=4))
    one = written(tmp_path, "h.txt", "1\n2\n4\n")
    with pytest.raises(ProblemError, match="class 3 has no sample"):
        request(ProblemArguments(labels=one, encoding=str(codes)))


def test_ordinal_codes_are_ranks_or_values(tmp_path):
    labels = written(tmp_path, "r.txt", "1\n1\n2\n5\n5\n5\n")
    ranks = request(ProblemArguments(labels=labels, encoding="ordinal"))
    assert ranks.problem.encoding.matrix.tolist() == [[0, 1, 2]]
    assert "ordinal codes are the ranks 0, 1, 2" in ranks.read[1]
    values = request(ProblemArguments(labels=labels, encoding="ordinal:values"))
    assert values.problem.encoding.matrix.tolist() == [[1, 2, 5]]
    assert values.encoding == (("1", "2", "5"),)
    with pytest.raises(ProblemError, match="there are no labels"):
        request(ProblemArguments(counts="1,2", encoding="ordinal:values"))


def test_order_and_headers_from_a_problem_file(tmp_path):
    written(tmp_path, "low.csv", "0\n" + "low\n" * 6 + "medium\n" * 3 + "high\n")
    file = written(tmp_path, "p.toml", 'labels = "low.csv"\norder = ["low", "medium", "high"]\nheader = true\n')
    found = request(ProblemArguments(problem=file, encoding="thermometer"))
    assert found.problem.class_names == ("low", "medium", "high")
    assert "as --order says" in found.read[0]
    typed = request(ProblemArguments(labels=tmp_path / "low.csv", order="high, low,medium"))
    assert list(typed.problem.counts) == [1, 6, 3]
    for options, message in (
        ({"order": "a,b"}, "--order is about the file given by --labels"),
        ({"text_labels": True}, "--text-labels is about"),
        ({"header": False}, "--no-header is about line 1 of a file"),
        ({"labels": tmp_path / "low.csv", "order": "low,,high"}, "with commas between"),
    ):
        with pytest.raises(ProblemError, match=message):
            request(ProblemArguments(**options))


def test_a_class_is_named_by_its_label(tmp_path):
    """Of the labels 0, 1, 3 the class 2 is none, though there is a third one; words can be counted as well."""
    with pytest.raises(ProblemError, match="must name a class, one of 0, 1, 3; got '2'"):
        parse_class_range("--count", "2=1:10:3", ("0", "1", "3"), 3)
    assert parse_class_range("--count", "3=1:10:3", ("0", "1", "3"), 3)[0] == 2
    assert parse_class_range("--count", "2=1:10:3", ("a", "b", "c"), 3)[0] == 2


def test_the_order_is_in_the_json_of_many_classes(tmp_path):
    """Where the encoding depends on the order its names are never left out."""
    labels = written(tmp_path, "y.txt", "".join(f"c{k:03d}\n" for k in range(250)) * 2)
    for encoding, there in (("thermometer", True), ("onehot", False)):
        found = document("path", "--labels", labels, "--encoding", encoding, "--lambda-b", "0.1,1")
        assert ("class_names" in found) is there
        assert "250 classes in the order c000, c001" in found["read"][0]
