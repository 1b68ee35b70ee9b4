import os
import signal

import pytest

from vitrine import interruption


def test_it_is_raised_as_ever_and_remembered() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruption.watched():
        interruption.demand_none()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert interruption.pressed()
        with pytest.raises(KeyboardInterrupt):
            interruption.demand_none()
    assert signal.getsignal(signal.SIGINT) is before
    with interruption.watched():
        assert not interruption.pressed()
