"""What many stores need follows from one: pure arithmetic, and each share counted once."""

from argparse import Namespace
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bench.extent import GATEWAY_MESSAGES_A_SECOND, Measured, work_out

ONE = Measured(160.0, 1e5, 1e5, 0.1, 0.001, 4e8, 1e5, 5e3)
ASKED = Namespace(stores=1000, hours=10.0, trips=100.0, keep_days=2.0, cores=10, memory_gb=100.0, planned=0.5)


def test_a_thousand_stores_by_hand() -> None:
    need = work_out(ONE, ASKED)
    assert need.network_gbit_s == 0.8
    assert need.journal_tb == 1000 * 1e5 * 36_000 * 2 / 1e12
    assert need.ledger_tb_year == 1000 * (1e5 + 5e5) * 365 / 1e12
    assert need.cores == 1000 * (0.101 + 160.0 / GATEWAY_MESSAGES_A_SECOND)
    assert (need.machines_by_cores, need.machines_by_memory) == (22, 8)


@given(times=st.integers(1, 50), field=st.sampled_from(["wire_bytes", "journal_bytes", "engine_s", "memory_bytes"]))
def test_more_stores_need_as_much_more_and_no_figure_is_left_out(times: int, field: str) -> None:
    one, many = work_out(ONE, ASKED), work_out(ONE, Namespace(**{**vars(ASKED), "stores": 1000 * times}))
    assert abs(many.cores - times * one.cores) < 1e-6 * many.cores
    assert many.machines_by_cores <= times * one.machines_by_cores
    assert work_out(replace(ONE, **{field: 1e3 * getattr(ONE, field)}), ASKED) != one
