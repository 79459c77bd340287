"""What the opinions of users on one photo decide together."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from include.contracts.records import LabelRecord
from include.image_classification.dataset.corrections.opinions import Opinion, decide


def opinion(who: str, verdict: str, hour: int, settles: bool = False, line: int = 0) -> Opinion:
    """Return an opinion; the verdict `-` is "not usable", and the empty one is withdrawn."""
    record = LabelRecord(
        sha256="0" * 64,
        class_name=verdict if verdict.isalpha() else None,
        not_usable=verdict == "-",
        withdrawn=not verdict,
        settles=settles,
        who=who,
        when=f"2026-11-30T{hour:02d}:00:00+00:00",
    )
    return Opinion.of(record, None, "a.jsonl", line)


OPINIONS = st.lists(
    st.builds(
        opinion,
        st.sampled_from(["anna", "boris", "chris"]),
        st.sampled_from(["Audi", "BMW", "-", ""]),
        st.integers(0, 23),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.moment,
)


def decided(opinions: Sequence[Opinion]) -> str | None:
    decision = decide(opinions)
    if decision is None:
        return None
    found = decision.opinion
    return "conflict" if found is None else found.verdict or "-"


@given(OPINIONS, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(opinions: list[Opinion], random: object) -> None:
    shuffled = list(opinions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(shuffled) == decide(opinions)


def test_the_form_of_a_class_name_does_not_matter() -> None:
    """File names of macOS have decomposed accents, and a user may type a space."""
    composed, decomposed = (
        Opinion.of(
            LabelRecord(
                sha256="0" * 64, class_name=name, who=who, when="2026-11-30T00:00:00+00:00"
            ),
            None,
            "a.jsonl",
            0,
        )
        for who, name in (("anna", "Citro\u00ebn"), ("boris", "Citroe\u0308n "))
    )
    assert decided([composed, decomposed]) == "Citro\u00ebn"


def test_of_opinions_at_the_same_time_the_last_line_counts() -> None:
    first, last = opinion("anna", "Audi", 1, line=1), opinion("anna", "BMW", 1, line=2)
    assert decided([first, last]) == decided([last, first]) == "BMW"


@given(OPINIONS)
def test_a_later_opinion_that_settles_decides(opinions: list[Opinion]) -> None:
    last = opinion("chief", "Kia", 23, settles=True)
    assert decided([one for one in opinions if one.moment < last.moment] + [last]) == "Kia"


@given(OPINIONS)
def test_a_conflict_names_each_user_once_and_two_verdicts_at_least(opinions: list[Opinion]) -> None:
    decision = decide(opinions)
    if decision and decision.opinion is None:
        users = [one.who for one in decision.disagreeing]
        assert len(users) == len(set(users))
        assert len({(one.kind, one.verdict) for one in decision.disagreeing}) > 1


@given(OPINIONS, st.sampled_from(["anna", "boris", "chris"]))
def test_a_confirmation_changes_neither_the_verdict_nor_who_gave_it(
    opinions: list[Opinion], who: str
) -> None:
    """Otherwise each confirmation would make a new version, and a training."""
    decision = decide(opinions)
    if decision and decision.opinion:
        verdict = decision.opinion.verdict or "-"
        later = opinion(who, verdict, 23, line=1)
        earlier = [one for one in opinions if one.moment < later.moment]
        if decide(earlier) == decision:
            assert decide([*earlier, later]) == decision


def test_of_two_lines_with_the_same_time_the_last_counts() -> None:
    assert decided([opinion("anna", "Audi", 1), opinion("anna", "BMW", 1, line=1)]) == "BMW"


def test_a_withdrawn_opinion_of_one_user_leaves_the_others() -> None:
    both = [opinion("anna", "Audi", 1), opinion("boris", "-", 2)]
    assert decided(both) == "conflict"
    assert decided([*both, opinion("boris", "", 3)]) == "Audi"
    assert decided([*both, opinion("boris", "", 3), opinion("anna", "", 4)]) is None
