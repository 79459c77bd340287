"""Missing system libraries are reported before the stack starts."""

import pytest

from include.local_run.errors import RunError
from include.local_run.stack.libraries import require_libraries


def test_a_missing_library_is_named_with_its_package() -> None:
    """Protects from a training job that fails to import MXNet minutes later."""
    with pytest.raises(RunError, match=r"libnowhere\.so\.9, .*install libnowhere9") as raised:
        require_libraries({"libc.so.6": "libc6", "libnowhere.so.9": "libnowhere9"})
    assert raised.value.status == 2


def test_an_installed_library_passes() -> None:
    require_libraries({"libc.so.6": "libc6"})
