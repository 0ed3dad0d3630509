"""Verdicts read from a judge's reply: pure functions that refuse rather than guess.

The contract, in ten points:

1. Text before the last mark that closes thinking is not evidence, whatever the model's family; a
   block that is never closed leaves no verdict.
2. Text is NFKC-normalised (full-width letters, digits, brackets, colons), traditional characters
   are simplified, and markdown emphasis, headings, special tokens, backslash escapes and HTML
   entities are removed; text that is struck out is not evidence.
3. Text in matched quotes, backticks or a block quote is a quotation, unless it is the whole reply,
   follows "my verdict is", or is alone on the last line after a finished sentence.
4. The last marker that its sentence states wins. A marker that is denied, conditional, in a
   question, reported or offered as an alternative is not a verdict; a comparison of two is read
   where its grammar names the winner ("[[A]] is better than [[B]]", "[[B]], not [[A]]"), otherwise
   refused. Two that differ after the same words are refused, unless words between them take the
   first one back. Without markers, an answer tag or box at the end counts, or a label after its
   anchor or under its key in an object, or a last sentence that names the better response ("Answer
   B is better."). A verdict that the text after it begins to reconsider ("wait, let me recheck")
   and never confirms is refused.
5. A marker outside the allowed set leaves no verdict, whatever came before it. Words for a tie
   stand for the tie label, "[[A<B]]" for "[[B>A]]".
6. A score needs its anchor ("Overall score:"), its double brackets, or one sentence that gives it
   ("I give it 4 out of 5"); a bare number, list or label counts only as the whole reply. Scores of
   dimensions are not scores of the whole, and several scores that differ are refused.
7. ``k/m`` counts only where m is the scale's maximum, and a number only where no other scale is
   stated beside it: nothing is converted. Ranges and values outside the scale are refused, never
   clamped; percentages count only on a scale from 0 to 1. Stars and number words are numbers.
8. JSON: exactly one object with the key, neither quoted nor followed by a cut one; numbers in
   strings count; booleans, null, NaN and cut numbers are refused.
9. A reply truncated by its length limit counts only with a complete verdict in a finished sentence;
   a filtered or empty reply never counts.
10. What cannot be read is a VerdictError with its reason: never 0, 0.5, "A" or a tie.
"""

from __future__ import annotations

from plaudit.judges.verdict.candidates import claims, is_legible, restored
from plaudit.judges.verdict.characters import holds_any, narrow
from plaudit.judges.verdict.forgery import forged
from plaudit.judges.verdict.forms import describe
from plaudit.judges.verdict.reading import evidence, parse
from plaudit.judges.verdict.spec import MARK, JsonScore, Labels, Scale, Scores, Spec, YesNo

__all__ = [
    "MARK",
    "JsonScore",
    "Labels",
    "Scale",
    "Scores",
    "Spec",
    "YesNo",
    "claims",
    "describe",
    "evidence",
    "forged",
    "holds_any",
    "is_legible",
    "narrow",
    "parse",
    "restored",
]
