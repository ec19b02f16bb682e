"""The sequence diagram: one lifeline for each actor, one arrow for each message."""

import itertools
import xml.etree.ElementTree as ET

from reports.ladder import ACTORS, sequence_svg
from tests.reports.sample import Record, sample
from tests.reports.support import result_of


def steps() -> list[Record]:
    return list(result_of(sample()).findings[0]["path"])


def drawn(path: list[Record], title: str = "Collision") -> ET.Element:
    return ET.fromstring(sequence_svg(path, title, "u"))


def classed(root: ET.Element, name: str) -> list[ET.Element]:
    return [element for element in root.iter() if element.get("class") == name]


def test_lifelines_stand_in_fixed_order_and_only_when_present() -> None:
    heads = [element.text for element in classed(drawn(steps()), "headt")]
    assert heads == [name for name in ACTORS if name != "correspondent node"]
    backwards = [element.text for element in classed(drawn(steps()[::-1]), "headt")]
    assert backwards == heads


def test_messages_are_arrows_and_other_steps_are_boxes() -> None:
    root = drawn(steps())
    assert len(classed(root, "arrow")) == len([step for step in steps() if step["to"]]) == 4
    assert len(classed(root, "act")) == 1


def test_an_arrow_points_to_its_addressee() -> None:
    root = drawn(steps())
    there, back = classed(root, "arrow")[0], classed(root, "arrow")[2]
    assert float(there.get("x1", 0)) < float(there.get("x2", 0))
    assert float(back.get("x1", 0)) > float(back.get("x2", 0))


def test_the_diagram_is_told_in_words() -> None:
    root = drawn(steps(), "Collision")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "u-t u-d"
    assert [(e.get("id"), e.text) for e in root[:1]] == [("u-t", "Collision")]
    assert "3. The home agent registers and defends the home address." in (root[1].text or "")


def test_changes_and_given_up_rules_are_drawn() -> None:
    root = drawn(steps())
    assert "proxy ND: on" in [element.text for element in classed(root, "state")]
    assert [e.text for e in classed(root, "given")] == ["gives up 04-6.3-12"]


def test_nothing_is_drawn_outside_the_frame_and_no_step_overlaps_the_next() -> None:
    root = drawn(steps())
    height = float(root.get("height", 0))
    numbers = [float(element.get("y", 0)) for element in classed(root, "num")]
    assert numbers == sorted(numbers)
    assert all(after - before >= 34 for before, after in itertools.pairwise(numbers))
    assert all(float(e.get("y", 0)) < height for e in root.iter() if e.get("y"))


def test_unknown_actors_and_hostile_texts_are_drawn_inert() -> None:
    step = {**steps()[0], "actor": "<b>node</b>", "event": "<script>\x00\u202e", "to": "&lt;"}
    root = drawn([step], "<i>")
    assert [e.text for e in classed(root, "headt")] == ["<b>node</b>", "&lt;"]
    assert classed(root, "label")[0].text == "<script>\\u0000\\u202e"


def test_long_messages_are_cut_with_a_word() -> None:
    step = {**steps()[0], "message": {f"field {n}": "value" for n in range(60)}}
    shown = [element.text for element in classed(drawn([step]), "fields")]
    assert shown[-1] == "… in full in the table"
    assert len(shown) == 7
