"""What is told of errors that nobody foresaw."""

from pathlib import Path

import pytest

from ecoflap.errors import EcoflapError, failure


def told(error):
    return failure(error, lambda reason: EcoflapError("page_request", reason=reason)).facts["reason"]


def test_an_error_about_a_file_names_no_path_of_the_server():
    with pytest.raises(OSError) as raised:
        Path("/srv/secret/scores.json").read_bytes()
    assert told(raised.value) == "FileNotFoundError: No such file or directory"
    assert told(PermissionError(13, "Permission denied", "/srv/a", None, "/srv/b")) == (
        "PermissionError: Permission denied"
    )


def test_other_errors_are_told_by_kind_and_first_line():
    assert told(ValueError("Too long.\nMore")) == "ValueError: Too long"
    assert told(OSError("no number")) == "OSError: no number" and told(OSError()) == "OSError: OSError"
    assert failure(MemoryError(), print).code == "memory"
