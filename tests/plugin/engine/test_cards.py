"""What an analyst reads about a model of their own."""

from __future__ import annotations

from plugin.engine import cards

CARD = {
    "id": "ponds",
    "title": "Fish ponds",
    "about": "",
    "categories": ["fish pond"],
    "finest": 0.1,
    "coarsest": 2.0,
    "languages": ["en"],
    "licence": "Mine",
    "installed": True,
    "folder": "",
    "weights": [{"name": "adapter_model.safetensors", "sha256": "0" * 64}],
    "metrics": {
        "n": 3,
        "expressions": {"the <fish> pond": {"n": 3, "before": 0.017, "after": 0.614}},
    },
}


def test_each_word_is_shown_with_its_metric_before_and_after() -> None:
    page = cards.page(CARD)
    assert "“the &lt;fish&gt; pond”" in page
    assert "0.02 → 0.61 (n = 3)" in page
    assert "{" not in page


def test_a_long_list_of_names_is_cut_what_was_taught_first() -> None:
    taught = [f"word {number}" for number in range(20)]
    card = {**CARD, "categories": ["airplane", "ship", *taught], "taught": taught}
    told = cards.knowledge(card)
    assert told.startswith("Knows: word 0, word 1,")
    assert told.endswith("word 11 and 10 more")
    assert "ship" not in told
    assert "ship" in cards.page(card), "the page names them all"
    assert cards.knowledge(CARD) == "Knows: fish pond"


def test_a_model_without_metrics_has_a_page_as_well() -> None:
    assert "Fish ponds" in cards.page({**CARD, "metrics": {}})
