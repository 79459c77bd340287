import pytest

from include.local_run.errors import RunError
from include.local_run.stack.libraries import require_libraries


def test_a_missing_library_is_named_with_the_package_that_holds_it() -> None:
    """Protects a fresh machine from a training job that dies of an import, minutes later."""
    with pytest.raises(RunError, match=r"libnowhere\.so\.9, .*install libnowhere9") as raised:
        require_libraries({"libc.so.6": "libc6", "libnowhere.so.9": "libnowhere9"})
    assert raised.value.status == 2


def test_what_the_machine_has_passes() -> None:
    require_libraries({"libc.so.6": "libc6"})
