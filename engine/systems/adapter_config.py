"""What an adapter is to be: a model of the user's own, on a model there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import InputError
from engine.models.limits import model_id

SCOPE_RANKS = {"prompter": 4, "encoders": 16, "everything": 0}
TEXT_RANK = 16
"""Of the text encoder: the words are new, while what is seen mostly is not."""

LARGEST_RANK = 256
MOST_REHEARSED = 0.9


@dataclass(frozen=True)
class AdapterConfig:
    """An adapter: a model of the user's own, on a model there is.

    Attributes:
        base: Id of the model it starts from.
        id: Its own id, and its folder's name among the user's models.
        title: Its name for people; the id if empty.
        about: What it is good for, in a sentence.
        licence: Terms of what it was taught with; the base model's come before them.
        scope: How much moves. "prompter": the prompter and the mask decoder, the text encoder,
            and the others a little; "encoders": those more; "everything": all weights.
        image: Rank of the image encoder's update; 0 for none, the scope's if left out.
        text: Rank of the text encoder's.
        sam: Rank of SAM's image encoder's.
        alpha: The scale of an update is `alpha / rank`.
        rehearse: Share of the samples that ask for what the model knows already, with its own
            answers, so that it does not forget; 0 for none. Models of an open vocabulary have none.
        start: Id of a model of the user's own, on the same base, whose adapter is taught further;
            its scope, ranks and scale hold then instead of those said here.

    Raises:
        InputError: Values that make no sense.
    """

    base: str
    id: str
    title: str = ""
    about: str = ""
    licence: str = ""
    scope: Literal["prompter", "encoders", "everything"] = "prompter"
    image: int | None = None
    text: int | None = None
    sam: int | None = None
    alpha: int = 16
    rehearse: float = 0.65
    start: str = ""

    def __post_init__(self) -> None:
        for name in ("base", "id", "title", "about", "licence", "start"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} of the adapter is no text.")
        try:
            model_id(self.id)
        except ValueError as cause:
            raise InputError(f"{cause}.") from cause
        if type(self.rehearse) not in (int, float) or not 0 <= self.rehearse <= MOST_REHEARSED:
            raise InputError(
                f"rehearse of the adapter is {self.rehearse}, not a share from 0 to "
                f"{MOST_REHEARSED}."
            )
        for name, value, least in (
            *((name, rank, 0) for name, rank in self.ranks.items()),
            ("alpha", self.alpha, 1),
        ):
            if type(value) is not int or not least <= value <= LARGEST_RANK:
                raise InputError(
                    f"{name} of the adapter is {value}, not {least} to {LARGEST_RANK}."
                )

    @property
    def ranks(self) -> dict[str, int]:
        """The rank of each encoder's update; 0 for none."""
        usual = SCOPE_RANKS[self.scope]
        words = TEXT_RANK if usual else 0
        wanted = (
            ("image", self.image, usual),
            ("text", self.text, words),
            ("sam", self.sam, usual),
        )
        return {name: least if rank is None else rank for name, rank, least in wanted}
