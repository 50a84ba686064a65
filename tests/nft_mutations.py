"""Mutated nft texts: tokens deleted, doubled, swapped, replaced; newlines put in or taken out; texts cut anywhere."""

from __future__ import annotations

import random
import re

PIECES = re.compile(r'"[^"\n]*"|[A-Za-z0-9_.:/\-]+|\n|[ \t]+|.')


def mutated(text: str, chance: random.Random) -> str:
    """One small change."""
    pieces = PIECES.findall(text)
    places = [place for place, piece in enumerate(pieces) if not piece.isspace() or piece == "\n"]
    if not places:
        return text
    place, other = chance.choice(places), chance.choice(places)
    kind = chance.randrange(8)
    if kind == 0:
        del pieces[place]
    elif kind == 1:
        pieces.insert(place, pieces[place] + " ")
    elif kind == 2:
        pieces[place], pieces[other] = pieces[other], pieces[place]
    elif kind == 3:
        pieces[place] = pieces[other]
    elif kind == 4:
        pieces.insert(place, "\n")
    elif kind == 5:
        newlines = [each for each in places if pieces[each] == "\n"] or [place]
        pieces[chance.choice(newlines)] = " "
    elif kind == 6:
        return text[: chance.randrange(len(text) + 1)]
    else:
        pieces.insert(place, f" {pieces[other]} ")
    return "".join(pieces)
