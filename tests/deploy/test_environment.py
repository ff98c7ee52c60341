"""The example of an environment has every variable, and filled in it is one that Django has nothing against."""

import secrets

from tests.servers.site import clean_environment, run_manage
from tests.variables import EXAMPLE, ROLE_EXAMPLE, environment, table

OF_A_ROLE = {"VERNIER_S3_ACCESS_KEY", "VERNIER_S3_SECRET_KEY"}
OF_A_PROCESS = {"VERNIER_ROLE"}


def lines() -> dict[str, tuple[str, str]]:
    """Variable -> what stands after it and the line above; set or, as its default, commented out."""
    found: dict[str, tuple[str, str]] = {}
    above = ""
    for line in EXAMPLE.read_text().splitlines():
        name, equals, value = line.removeprefix("#").partition("=")
        if equals and name.startswith("VERNIER_") and name.isupper():
            assert name not in found, f"{name} stands there twice"
            found[name] = (value, above)
        above = line
    return found


def filled_in() -> dict[str, str]:
    """The example with what it leaves open, and the keys of a role."""
    given = environment(EXAMPLE)
    left_open = [name for name, value in given.items() if not value]
    assert left_open == ["VERNIER_SECRET_KEY"]
    return (
        given
        | {"VERNIER_SECRET_KEY": secrets.token_urlsafe(50)}
        | dict.fromkeys(environment(ROLE_EXAMPLE), "x")
    )


def test_the_example_has_every_variable_of_the_guide_and_no_other() -> None:
    assert set(lines()) == set(table())


def test_every_variable_of_the_example_has_a_line_of_its_own() -> None:
    for name, (_value, above) in lines().items():
        assert above.startswith("# "), name


def test_what_belongs_to_one_role_or_process_is_set_in_its_own_file_alone() -> None:
    assert set(environment(EXAMPLE)).isdisjoint(OF_A_ROLE | OF_A_PROCESS)
    assert set(environment(ROLE_EXAMPLE)) == OF_A_ROLE


def test_django_has_nothing_against_the_example_filled_in() -> None:
    for role in ("web", "worker", "organizer"):
        env = clean_environment() | filled_in() | {"VERNIER_ROLE": role}
        done = run_manage(env, "check", "--deploy", "--fail-level", "WARNING")
        assert "no issues (0 silenced)" in done.stdout, done.stdout + done.stderr
