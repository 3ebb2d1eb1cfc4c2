"""The file of measured figures: sections that are replaced one by one."""

from bench.figures import Figure, Table
from bench.results import merged, section

ORDER = ["first", "second", "third"]
HERE, ELSEWHERE = "| Processor | this one |\n", "| Processor | another one |\n"


def headings(text):
    return [line for line in text.splitlines() if line.startswith("## ")]


def test_a_section_is_replaced_and_the_others_stay_in_their_order():
    text = merged("", HERE, "third", "old three", order=ORDER)
    text = merged(text, HERE, "first", "one\n\n### A table\n", order=ORDER)
    text = merged(text, HERE, "third", "new three", order=ORDER)

    assert headings(text) == ["## first", "## third"]
    assert "### A table" in text
    assert "new three" in text
    assert "old three" not in text
    assert text.count(HERE) == 1


def test_the_same_figures_give_the_same_file():
    once = merged(merged("", HERE, "first", "one", order=ORDER), HERE, "second", "two", order=ORDER)

    assert merged(once, HERE, "first", "one", order=ORDER) == once


def test_figures_of_another_machine_do_not_stay():
    before = merged("", ELSEWHERE, "first", "one", order=ORDER)

    text = merged(before, HERE, "second", "two", order=ORDER)

    assert headings(text) == ["## second"]
    assert ELSEWHERE not in text


def test_a_table_says_what_was_asked_and_whether_it_was_met():
    figures = (Figure("rate", "7 /s"), Figure("share", "61 %", "at least 60 %"), Figure("a|b", "9", "at most 8", False))

    assert section([Table("Both", figures)], "Measured now.").splitlines() == [
        "Measured now.",
        "",
        "### Both",
        "",
        "| Figure | Measured | Asked | Met |",
        "|---|---|---|---|",
        "| rate | 7 /s |  |  |",
        "| share | 61 % | at least 60 % | yes |",
        "| a\\|b | 9 | at most 8 | **no** |",
    ]
