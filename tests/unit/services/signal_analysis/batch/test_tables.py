"""Tables of measurements."""

from services.shared.ecg import STANDARD_LEADS
from services.shared.signals import SignalRef
from services.signal_analysis.batch import tables
from services.signal_analysis.batch.jobs import Known, content_name
from services.signal_analysis.batch.measured import Measured, column_of, flat
from services.signal_analysis.batch.tables import CONTENT
from services.signal_analysis.measurements import Measurement

REF = SignalRef("s", 0, STANDARD_LEADS, 5000, 500.0)
ONE = flat(
    (
        Measurement("heart_rate", 71.5, "/min"),
        Measurement("pr_interval", None, "ms", "There is no P wave."),
        Measurement("st_j", -0.05, "mV", lead="V2"),
        Measurement("p_amplitude", None, "mV", "There is no P wave.", lead="V2"),
    )
)
REFUSED = Measured({}, {}, {}, "The recording is too large.")


def known(record_id: str, content: str) -> Known:
    return Known(record_id, f"{record_id}.csv", "", "good", REF, content)


def test_units_and_leads_are_in_the_names() -> None:
    assert [*ONE.values] == ["heart_rate_per_min", "pr_interval_ms", "st_j_V2_mv", "p_amplitude_V2_mv"]
    assert column_of("cornell_product", "mV.ms") == "cornell_product_mv_ms"
    assert column_of("beats_paced", "1") == "beats_paced"


def test_a_measurement_over_all_leads_has_its_reason_beside_it() -> None:
    table = tables.table_of(["a", "b"], [ONE, REFUSED])

    assert table.column_names[2:] == [
        "heart_rate_per_min",
        "heart_rate_per_min_reason",
        "pr_interval_ms",
        "pr_interval_ms_reason",
        "st_j_V2_mv",
        "p_amplitude_V2_mv",
    ]
    assert table["pr_interval_ms_reason"].to_pylist() == ["There is no P wave.", None]
    assert table["refusal"].to_pylist() == [None, "The recording is too large."]
    assert table["heart_rate_per_min_reason"].to_pylist() == [None, None]


def test_tables_of_different_columns_are_joined_and_each_signal_kept_once() -> None:
    other = flat((Measurement("qrs_duration", 96.0, "ms"),))

    whole = tables.joined([tables.table_of(["a"], [ONE]), tables.table_of(["a", "b"], [other, other])])

    assert whole[CONTENT].to_pylist() == ["a", "b"]
    assert whole["heart_rate_per_min"].to_pylist() == [71.5, None]
    assert whole["qrs_duration_ms"].to_pylist() == [None, 96.0]


def test_a_result_follows_the_records_and_comes_back_from_parquet() -> None:
    whole = tables.table_of(["a", "b"], [ONE, REFUSED])

    result = tables.result([known("r2", "b"), known("r1", "a"), known("r3", "b")], whole, "1")
    again = tables.read(tables.parquet(result))

    assert again["record_id"].to_pylist() == ["r2", "r1", "r3"]
    assert again["heart_rate_per_min"].to_pylist() == [None, 71.5, None]
    assert again["patient"].to_pylist() == [None] * 3
    assert tables.joined([again]).column_names == whole.column_names
    assert CONTENT not in tables.shown(again).column_names


def test_a_dataset_without_records_is_an_empty_table() -> None:
    result = tables.result([], tables.joined([tables.table_of([], [])]), "1")

    assert result.num_rows == 0
    assert tables.csv(tables.shown(result)).startswith(b'"record_id","file_name"')


def test_what_may_change_a_signal_changes_its_name() -> None:
    names = {
        content_name("ab", REF, ""),
        content_name("ac", REF, ""),
        content_name("ab", REF, "I=4.88uV"),
        content_name("ab", SignalRef("s", 0, STANDARD_LEADS, 5000, 250.0), ""),
    }

    assert len(names) == 4
    assert content_name("ab", SignalRef("elsewhere", 7, STANDARD_LEADS, 5000, 500.0), "") in names
