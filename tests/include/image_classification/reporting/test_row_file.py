"""Tables whose rows are copied in another order."""

from contextlib import suppress
from pathlib import Path

from include.image_classification.reporting.row_file import RowFile

NAMES = ["a", "two\nlines, quoted", "\udcff", "=formula"]


def test_rows_are_copied_in_any_order(tmp_path: Path) -> None:
    with RowFile(tmp_path / "all.csv", ["name", "number"]) as table:
        for number, name in enumerate(NAMES):
            table.add([name, number])
        table.copy_rows(tmp_path / "some.csv", [3, 1, 2])
    content = b'name,number\r\na,0\r\n"two\nlines, quoted",1\r\n\xff,2\r\n\'=formula,3\r\n'
    assert (tmp_path / "all.csv").read_bytes() == content
    expected = b'name,number\r\n\'=formula,3\r\n"two\nlines, quoted",1\r\n\xff,2\r\n'
    assert (tmp_path / "some.csv").read_bytes() == expected


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    with suppress(ValueError), RowFile(tmp_path / "all.csv", ["name"]) as table:
        table.add(["a"])
        raise ValueError
    assert not any(tmp_path.iterdir())
