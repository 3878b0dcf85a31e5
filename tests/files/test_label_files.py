"""Files of labels: which column, which line, which classes, in which order; and what can be read in two ways is not."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ncsolve._files.reading.classes import group_labels
from ncsolve._files.reading.labels import read_labels
from ncsolve._files.reading.numerals import MISSING, label_number, plain
from ncsolve.errors import FileError, ProblemError


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


READ = [
    # name, content, options, names, counts, words of the sentence
    ("a.txt", "b\na\nb\n", {}, "a b", [1, 2], "a.txt, 2 classes in the order a, b (as text), 3 samples"),
    ("a.csv", "species\ncat\ndog\ncat\n", {}, "cat dog", [2, 1], "column 'species' (line 1 is the header)"),
    ("a.CSV", "a\nb\na\n", {}, "a b", [2, 1], "no header"),  # the first line occurs again: a label
    ("a.csv", "cat\n", {}, "cat", [1], "1 sample"),  # a file of one line is data
    ("a.tsv", "id\tk\n1\tx\n2\ty\n3\tx\n", {"column": "k"}, "x y", [2, 1], "column 'k'"),
    ("a.csv", "id;klasse\n1;Hund\n2;Katze\n3;Hund\n", {"column": "klasse"}, "Hund Katze", [2, 1], "column 'klasse'"),
    ("a.csv", "0\ncat\ndog\ncat\n", {}, "cat dog", [2, 1], "column '0' (line 1 is the header)"),  # pandas
    ("a.csv", "0\n1.0\n2.0\n1.0\n", {}, "1 2", [2, 1], "line 1 is the header"),
    ("a.csv", "0\n1\n0\n", {"header": False}, "0 1", [2, 1], "no header"),
    ("a.csv", "0\n1\n0\n", {"header": True}, "0 1", [1, 1], "column '0' (line 1 is the header)"),
    ("a.csv", ",label\n0,cat\n1,dog\n2,cat\n", {}, "cat dog", [2, 1], "the column beside the row numbers"),
    ("a.csv", "3\n1\n10\n3\n", {}, "1 3 10", [1, 2, 1], "as numbers"),
    ("a.csv", "y\n10.0\n2.0\n1.0\n2.0\n", {}, "1 2 10", [1, 2, 1], "in the order 1, 2, 10 (as numbers)"),
    ("a.csv", "y\n3\n3.0\n+3\n03\n3.000000000000000000e+00\n1\n", {}, "1 3", [1, 5], "--text-labels keeps them apart"),
    ("a.csv", "y\n3\n3.0\n03\n", {"text": True}, "03 3 3.0", [1, 1, 1], "as text"),
    ("a.txt", "9007199254740993\n9007199254740992\n", {}, "9007199254740992 9007199254740993", [1, 1], "as numbers"),
    ("a.txt", "1_000\n1000\n1000\n", {}, "1000 1_000", [2, 1], "as text"),
    ("a.txt", "01\n02\n02\n", {}, "01 02", [1, 2], "as numbers"),
    ("a.txt", "img/1/00015.jpg 1\nimg/0/2.jpg 0\nimg/1/3.jpg 1\n", {}, "0 1", [1, 2], "a list of files and labels"),
    ("a.txt", "my pictures/a b.png cat\nmy pictures/c.png dog\n", {}, "cat dog", [1, 1], "a list of files and labels"),
    ("a.csv", "a/b.jpg,3\nc/d.jpg,4\ne.jpg,3\n", {}, "3 4", [2, 1], "a list of files and labels"),
    ("a.csv", "file,label\na/b.jpg,3\nc/d.jpg,4\n", {}, "3 4", [1, 1], "column 'label' (line 1 is the header)"),
    ("a.txt", "1 3:0.5 7:1\n-1 1:2\n1\n", {}, "-1 1", [1, 2], "LIBSVM"),
    ("a.txt", "golden retriever\ntabby cat\ngolden retriever\n", {}, "golden_retriever tabby_cat", [2, 1], "as text"),
    ("a.txt", "tench, Tinca tinca\ngoldfish\ngoldfish\n", {}, "goldfish tench,_Tinca_tinca", [2, 1], "as text"),
    ("a.csv", 'k\n"cat, domestic"\ndog\ndog\n', {}, "cat,_domestic dog", [1, 2], "as text"),
    ("a.csv", 'k\n"two\nlines"\ndog\n', {}, "dog two\nlines", [1, 1], "2 samples"),
    ("a.csv", "text,label\nno\u2028end\x85here,pos\nx,neg\nx,pos\n", {"column": "label"}, "neg pos", [1, 2], ""),
    ("a.csv", "text,label\n" + "w" * 200_000 + ",pos\nx,neg\n", {"column": "label"}, "neg pos", [1, 1], "2 samples"),
    ("a.csv", b"\xef\xbb\xbfk\r\na\r\nb\r\na\r\n\r\n", {}, "a b", [2, 1], "column 'k'"),
    ("a.txt", "b\ra\rb\r", {}, "a b", [1, 2], "3 samples"),
    ("a.txt", "none\nmild\nnone\n", {}, "mild none", [1, 2], "as text"),  # none is a word, None is missing
    ("a.txt", "x\ny\nz\n", {}, "x y z", [1, 1, 1], "every label occurs exactly once"),
    ("a.txt", "5.1 setosa\n4.9 setosa\n5.1 virginica\n", {"column": "1"}, "setosa virginica", [2, 1], "column 1"),
    # Tables of R, with and without row numbers and quotes.
    ("a.csv", '"","x"\n"1","a"\n"2","b"\n"3","a"\n', {}, "a b", [2, 1], "beside the row numbers"),
    ("a.txt", '"x"\n"1" "a"\n"2" "b c"\n"3" "a"\n', {}, "a b_c", [2, 1], "column 'x' (line 1 is the header)"),
    ("a.txt", '"x" "y"\n"1" 5 "a"\n"2" 6 "b"\n', {"column": "y"}, "a b", [1, 1], "column 'y'"),
    ("a.txt", '"a"\n"b"\n"sea lion"\n"a"\n', {}, "a b sea_lion", [2, 1, 1], "3 classes"),
    # A line in quotes is a label, whatever looks like a file in it; a file in quotes has its label beside it.
    ("a.csv", 'k\n"and/or else"\n"cat.png 1"\n', {}, "and/or_else cat.png_1", [1, 1], "column 'k'"),
    ("a.txt", '"and/or else"\n"n/a else"\n"n/a else"\n', {}, "and/or_else n/a_else", [1, 2], "3 samples"),
    ("a.txt", '"my/a.png" cat\n"my/c.png" dog\n', {}, "cat dog", [1, 1], "a list of files and labels"),
    ("a.csv", "Unnamed: 0,label\n0,a\n1,b\n", {}, "a b", [1, 1], "beside the row numbers"),
    # Other columns tell what line 1 is.
    ("a.csv", "id,0\n1,a\n2,b\n3,a\n", {"column": "1"}, "a b", [2, 1], "column '0' (line 1 is the header)"),
    ("a.csv", "id,0\n1,4\n2,5\n3,4\n", {"column": "1"}, "4 5", [2, 1], "column '0' (line 1 is the header)"),
    ("a.csv", "5.1,cat\n4.9,dog\n4.9,dog\n", {"column": "1"}, "cat dog", [1, 2], "no header"),
    ("a.csv", "True\nFalse\nFalse\n", {}, "False True", [2, 1], "no header"),
    ("a.csv", "x y\n0.5 a\n0.7 b\n", {"column": "y"}, "a b", [1, 1], "column 'y'"),
    ("a.tsv", "0.5 a\n0.7 b\n0.7 b\n", {"column": "1"}, "a b", [1, 2], "column 1, no header"),
    ("a.txt", '"a\n"b"\n', {}, '"a b', [1, 1], ""),
    # Decimal commas.
    ("a.csv", "y;x\n10,5;1\n2,5;2\n2,50;3\n", {"column": "y"}, "2.5 10.5", [2, 1], "decimal commas"),
    ("a.csv", "0,5;a\n1;b\n", {"column": "0"}, "0.5 1", [1, 1], "no header"),
    # A number is that of a column, whatever stands in line 1.
    ("a.csv", "1,0,5\n1,1,6\n2,0,5\n", {"column": "1"}, "0 1", [2, 1], "column 1"),
    ("a.txt", "1 0 a\n1 1 b\n2 0 a\n", {"column": "1"}, "0 1", [2, 1], "column 1"),
    ("a.csv", "2019,2020\n5,a\n6,b\n", {"column": "2020", "header": True}, "a b", [1, 1], "column '2020'"),
    # LIBSVM with query numbers, comments and blank lines, of any ending.
    ("a.txt", "# made by x\n3 qid:1 1:0.5\n2 qid:1 1:0.5 2:1 # d\n\n3\n", {}, "2 3", [1, 2], "LIBSVM"),
    ("a.csv", "1 3:0.5 7:1\n-1 1:2\n1\n", {}, "-1 1", [1, 2], "LIBSVM"),
    ("a.txt", "1\nnone\n2\n", {}, "1 2 none", [1, 1, 1], "as text"),
    ("a.txt", "?\nx\n2\n", {}, "2 ? x", [1, 1, 1], "as text"),
]


@pytest.mark.parametrize(("name", "content", "options", "names", "counts", "words"), READ)
def test_what_is_read(tmp_path, name, content, options, names, counts, words):
    found = read_labels(written(tmp_path, name, content), **options)
    assert [text.replace(" ", "_") for text in found.classes.names] == names.split(" ")
    assert list(found.classes.counts) == counts
    assert words in found.sentence


REFUSED = [
    ("a.csv", "", {}, "is empty"),
    ("a.csv", "a,b\n1,2\n3\n", {}, r"line 3: every row must have as many columns as line 1, 2; this one has 1"),
    ("a.csv", "a,b\n1,2\n", {}, r"2 columns, separated by commas; choose one with --label-column \(a, b,"),
    ("a.csv", "digit\n1\n \n2\n", {}, "line 3: the label is empty"),
    ("a.txt", "a\n\nb\n", {}, "line 2: the label is empty"),
    ("a.csv", "y\ncat\nNaN\n", {}, r"line 3: the label is missing \('NaN'\)"),
    ("a.csv", "y\n1.0\n\n2.0\n", {}, "line 3: the label is empty"),
    ("a.csv", "cat\nNA\ncat\n", {}, r"line 2: the label is missing \('NA'\)"),
    ("a.txt", "nan\n1.0\n", {}, "line 1: the label is missing"),
    ("a.csv", "id,k\n1,a\n2,null\n", {"column": "k"}, "line 3: the label is missing"),
    ("a.csv", "0\n1\n2\n1\n", {}, "line 1, '0', can be a header .* with 3 labels below it, or one of 4 labels; say"),
    ("a.csv", "0,1\n5,1\n6,2\n", {"column": "1"}, "can be a header"),
    ("a.txt", "label\n1\n2\n", {}, "'label', can be a header .a word above numbers."),
    ("a.txt", "5.1 setosa\n4.9 setosa\n5.1 virginica\n", {}, "2 words each.*--label-column"),
    ("a.txt", "x1 cat\nx2 dog\nx3 cat\n", {}, "2 words each"),  # every line differs: no labels with spaces
    ("a.txt", "1 0 0\n0 1 0\n1 0 0\n", {}, "3 words each"),
    ("a.txt", "a\tcat\nb\tdog\nc\tcat\n", {}, "2 columns, separated by tabs"),
    ("a.txt", "x;cat\ny;dog\n", {}, "2 columns, separated by semicolons"),
    ("a.csv", "a;b,c\nd;e,f\n", {}, "can be separated by semicolons or by commas"),
    ("a.txt", "1,2 3:0.5\n1 1:2\n", {}, "several labels"),
    ("a.csv", 'k\n"cat\ndog\n', {}, "close the quotes"),
    ("a.csv", "k,k\n1,2\n3,4\n", {"column": "k"}, "2 columns are called 'k'"),
    ("a.csv", "k,l\n1,2\n3,4\n", {"column": "9"}, "there is no column '9'"),
    ("a.txt", "cat\ndog dog\n", {"column": "0"}, "different numbers of words"),
    ("a.txt", b"\xff\xfec\x00a\x00", {}, "not a text file in UTF-8"),
    ("a.csv", b"k\nM\xfcnchen\n", {}, "not a text file in UTF-8"),
    ("a.csv", "sep=;\nid;label\n1;a\n2;b\n", {"column": "label"}, "sep=;, is a note for Excel and no row; delete it"),
    ("a.csv", "@relation x\n@attribute c {a,b}\n@data\na\nb\n", {}, "an ARFF file; save the lines below @data"),
    ("a.txt", "% c\n@RELATION x\n@data\na\nb\n", {}, "an ARFF file"),
    ("a.txt", "a.jpg dog\nb.jpg sea lion\nc.jpg dog\n", {}, "list of files and labels; the line 'b.jpg sea lion'"),
    ("a.csv", "a.jpg dog\nb.jpg sea lion\nc.jpg dog\n", {}, "list of files and labels; the line 'b.jpg sea lion'"),
    ("a.txt", "a.jpg sea lion\nb.jpg big dog\nc.jpg x\nd.jpg big cat\ne.jpg x y z\n", {}, "names of files and labels"),
    ("a.txt", "[0 1 2\n 2 0 1 1]\n", {}, "every line has several words and none occurs twice"),
    ("a.txt", "a/b.jpg 3\na/c.jpg\n", {}, "the line 'a/c.jpg' has no label"),
    ("a.csv", b"y\n" + b"a\n" * 5000 + b"a\0b\n", {}, "not a text file"),
    ("a.txt", "a.jpg 1 0\nb.jpg 0 1\n", {}, r"choose a column with --label-column \(0 to 2\)"),
    ("a.txt", "# species\na\nb\na\n", {}, "line 1: '# species' can be a comment or a label; delete the line, say --"),
    ("a.csv", "y\na\n# b\na\n", {}, "line 3: '# b' can be a comment"),
    ("a.csv", "1,cat\n2,dog\n3,dog\n", {"column": "1"}, "beside numbers.*--header or --no-header"),
    ("a.csv", "0\n1\n0\n2.5\n", {}, "line 1, '0', can be a header"),
    ("a.csv", "y\n1\nNAN\n", {}, r"line 3: the label is missing \('NAN'\)"),
    ("a.csv", "y\n1\n2\n?\n", {}, r"line 4: the label is missing \('\?'\)"),
    ("a.csv", "x,y\n1,a\n\n2,b\n", {"column": "y"}, "line 3: the line is empty"),
    ("a.csv", 'x\ty\n"u\ta\nv\tb\n', {"column": "y"}, "close the quotes"),
    ("a.md", "a\n", {}, "unknown file ending '.md'; use one of .csv, .tsv, .txt, .npy, .npz, .parquet"),
]


@pytest.mark.parametrize(("name", "content", "options", "message"), REFUSED)
def test_what_is_refused(tmp_path, name, content, options, message):
    with pytest.raises(FileError, match=message) as caught:
        read_labels(written(tmp_path, name, content), **options)
    assert "\n" not in str(caught.value)


def test_orders():
    classes = group_labels({"low": 6, "medium": 3, "high": 1})
    assert classes.reordered(("low", "medium", "high"), "given").counts == (6, 3, 1)
    numbers = group_labels({"1.0": 2, "10": 3})
    assert numbers.reordered(("10", "1"), "given").counts == (3, 2)  # a number in another spelling
    for names, message in (
        (("low", "high"), "'?medium'? is missing"), (("low", "low", "high", "medium"), "'low' comes twice"),
        (("low", "medium", "hihg"), "names 'hihg', which no sample has"),
    ):
        with pytest.raises(ProblemError, match=message):
            classes.reordered(names, "given")


whole = st.integers(-(10**30), 10**30)


@given(st.lists(st.tuples(whole, st.sampled_from(["{}", "+{}", "{}.0", "{}e0", "{}.00e+00"])), min_size=1))
def test_numbers_are_one_class_however_they_are_written(entries):
    """Against the integers themselves, which Python compares exactly."""
    counts: dict[str, int] = {}
    for value, spelling in entries:
        text = spelling.format(value).replace("+-", "-")
        counts[text] = counts.get(text, 0) + 1
    found = group_labels(counts)
    values = sorted({value for value, _ in entries})
    assert found.values is not None
    assert [int(value) for value in found.values] == values
    assert [int(Decimal(name)) for name in found.names] == values
    assert list(found.counts) == [sum(value == one for value, _ in entries) for one in values]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_shown_numbers_are_the_numbers(value):
    assert label_number(str(value)) is None or Decimal(plain(value, [str(value)])) == value


@example("/\f")  # white space after a slash, as between a file and its label
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")).filter(lambda t: t.strip() not in MISSING))
def test_any_text_is_one_class_or_refused(tmp_path_factory, label):
    """Nothing is lost: a quoted label in a .csv file comes back as it is, but for white space around it."""
    path = tmp_path_factory.mktemp("t") / "a.csv"
    quoted = label.replace('"', '""')
    path.write_text(f'k\n"{quoted}"\n"{quoted}"\n', encoding="utf-8", newline="")
    found = read_labels(path, text=True, header=True)
    assert (found.classes.names, found.classes.counts) == ((label.strip(),), (2,))
