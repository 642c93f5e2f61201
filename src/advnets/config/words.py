"""Values as the words of a command line: what they say follows from the field that they are for."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from advnets.errors import UsageError


@dataclass(frozen=True)
class Words:
    """What stands after a flag.

    Args:
        flag: as the user wrote it.
        words: up to the next flag.
    """

    flag: str
    words: tuple[str, ...]

    def value(self, annotation: Any) -> Any:
        """A value for a field of this type, which sees whether it is of the type.

        Raises:
            UsageError: no word, or more than one, where one is needed.
        """
        kinds = options(annotation)
        if [word.lower() for word in self.words] in (["null"], ["none"]) and type(None) in kinds:
            return None
        if any(get_origin(kind) is tuple for kind in kinds):
            return [part for word in self.words for part in word.strip("[]()").split(",") if part]
        if bool in kinds and not self.words:
            return True
        if len(self.words) != 1:
            said = f"takes one value, not {' '.join(self.words)}" if self.words else "needs a value"
            raise UsageError(f"{self.flag} {said}", "see `advnets train --help`")
        return self.words[0]


def options(annotation: Any) -> list[Any]:
    """The types of which a field's value is one: int and None of `int | None`."""
    if get_origin(annotation) is Annotated:
        return options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [option for each in get_args(annotation) for option in options(each)]
    return [annotation]
