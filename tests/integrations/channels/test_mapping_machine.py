"""The machine of mapping versions is exactly this."""

from integrations.models import MappingVersion


def test_a_version_is_used_retired_and_can_be_used_again():
    moves = {(t.source, t.name, t.target) for t in MappingVersion().get_all_state_transitions()}
    assert moves == {
        ("draft", "activate", "active"),
        ("retired", "activate", "active"),
        ("active", "retire", "retired"),
    }
