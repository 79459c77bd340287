"""Section `model_card`: what the model is for, and what it is not for."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from include.config.strict import Strict

LONGEST = 1800
"""Characters of all texts of a list: SageMaker's model card has 2048 for them in one field."""


def _check_one_paragraph(text: str) -> str:
    """Return a text with single spaces; a block of YAML has line ends."""
    words = " ".join(text.split())
    odd = {character for character in words if unicodedata.category(character) in ("Cc", "Cs")}
    if odd:
        raise ValueError(f"allowed: text without control characters; it has {sorted(odd)}")
    return words


def _check_sum(texts: list[str]) -> list[str]:
    length = sum(map(len, texts))
    if length > LONGEST:
        raise ValueError(
            f"allowed: {LONGEST} characters in all, and these texts have {length}: shorten them, "
            "SageMaker's model card has no more room"
        )
    return texts


Sentence = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_check_one_paragraph)]
Sentences = Annotated[list[Sentence], AfterValidator(_check_sum)]


class ModelCard(Strict):
    """What cannot be measured about a model, for its card.

    The figures of the card are those of training and evaluation. Every text is a sentence or two.
    """

    intended_uses: Sentences = Field(default=[], description="What the model is for")
    unsuitable_uses: Sentences = Field(default=[], description="What it must not be used for")
    limits: Sentences = Field(
        default=[], description="Known limits, such as photos on which the model is often wrong"
    )
    ethical_considerations: Sentence | None = None
    risk_rating: Literal["unknown", "low", "medium", "high"] = Field(
        default="unknown", description="The risk of a wrong answer, by your organization's rating"
    )
    risk_explanation: Sentence | None = None

    @property
    def is_given(self) -> bool:
        """Whether the YAML says anything for the card."""
        return self != ModelCard()
