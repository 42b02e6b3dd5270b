"""What other environments are held to is what LAVIS computes here."""

import pytest
import torch

from tests.lavis.record import FOLDER, record


@pytest.mark.filterwarnings("ignore")
def test_the_record_is_what_lavis_computes(tmp_path):
    record(tmp_path)
    names = sorted(path.name for path in FOLDER.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name in names:
        new, old = (torch.load(folder / name, weights_only=True) for folder in (tmp_path, FOLDER))
        assert new.pop("questions", None) == old.pop("questions", None)
        assert new.pop("answers", None) == old.pop("answers", None)
        torch.testing.assert_close(new, old, rtol=0, atol=1e-6)
