"""What an installation is made of: fit to be used, written down, and asked about honestly."""

import re

import pytest

from deploy import audit
from deploy.audit import Package, Verdict


def package(licence: str, name: str = "thing") -> Package:
    return Package(name, "1.0", ("0" * 64,), licence)


def test_every_package_of_an_image_may_be_used_and_passed_on():
    found = audit.packages()

    assert len(found) == len(re.findall(r"^[a-z0-9]", audit.LOCK.read_text(), re.MULTILINE)) > 100
    assert audit.unfit(found) == []


@pytest.mark.parametrize(
    ("licence", "is_fit"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-or-later", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0", False),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("MIT with commercial restrictions", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_a_licence_that_binds_us_or_is_not_known_is_refused(licence, is_fit):
    assert (audit.unfit([package(licence)]) == []) is is_fit


def test_the_bill_names_each_package_with_its_hashes_and_licence():
    found = audit.packages()

    bill = audit.bill(found)

    django = next(part for part in bill["components"] if part["name"] == "django")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert len(bill["components"]) == len(found)
    assert django["purl"] == f"pkg:pypi/django@{django['version']}"
    assert re.fullmatch("[0-9a-f]{64}", django["hashes"][0]["content"])
    assert "BSD" in django["licenses"][0]["license"]["name"]
    assert bill == audit.bill(audit.packages())


class TestKnownHoles:
    hole = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "description": ""}]}
    clean = {"name": "b", "version": "2", "vulns": []}
    unknown = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (3)"}

    @pytest.fixture
    def answers(self, monkeypatch):
        """Let the services answer with what is put in here, instead of the internet."""
        known: dict[str, Verdict | None] = {"pypi": None, "osv": None}
        monkeypatch.setattr(audit, "_ask", known.__getitem__)
        return known

    def test_a_report_is_read_with_what_it_leaves_open(self):
        verdict = audit.judge({"dependencies": [self.hole, self.clean, self.unknown], "fixes": []})

        assert verdict == Verdict(("a 1: PYSEC-1, fixed in 1.1",), asked=2, unknown=("c",))

    def test_a_hole_fails(self, answers, capsys):
        answers["osv"] = audit.judge({"dependencies": [self.hole, self.clean]})

        assert audit.vulnerabilities() == 1
        assert "a 1: PYSEC-1, fixed in 1.1" in capsys.readouterr().out

    def test_none_passes_and_says_of_how_many(self, answers, capsys):
        answers["pypi"] = audit.judge({"dependencies": [self.clean, self.unknown]})

        assert audit.vulnerabilities() == 0
        assert "NOT CHECKED, unknown to the service: c" in (said := capsys.readouterr().out)
        assert "1 packages were asked about, 0 known holes." in said

    def test_where_nobody_can_be_asked_that_is_said_and_fails_where_it_must_not_be(self, answers, capsys, monkeypatch):
        assert audit.vulnerabilities() == 0
        assert "NOT CHECKED for known holes" in capsys.readouterr().out
        monkeypatch.setenv("AUDIT_REQUIRED", "1")
        assert audit.vulnerabilities() == 1
