"""Writes answers.jsonl: what SQuAD's rules, in Python's terms, make of nasty texts.

The rules, as SQuAD 2.0's evaluation describes them: lower case; string.punctuation removed; a, an and the,
between word borders, replaced by a space; words split at white space and joined by one space. Gold
answers that come to nothing are left out, and where none is left, the empty text is the only right one.
F1 where either side has no words is 1 if both have none, else 0.
"""

import collections
import json
import pathlib
import re
import string


def lowered(text):
    return "".join(c for c in text.lower() if c not in string.punctuation)


def words(text, articles):
    text = lowered(text)
    if not articles:
        text = re.sub(r"\b(a|an|the)\b", " ", text)
    return text.split()


def scores(prediction, answers, articles):
    gold = [words(answer, articles) for answer in answers]
    gold = [answer for answer in gold if answer] or [[]]
    text = words(prediction, articles)

    def f1(answer):
        if not answer or not text:
            return float(answer == text)
        common = sum((collections.Counter(answer) & collections.Counter(text)).values())
        if common == 0:
            return 0.0
        precision, recall = common / len(text), common / len(answer)
        return 2 * precision * recall / (precision + recall)

    return max(float(answer == text) for answer in gold), max(map(f1, gold))


def rouge_words(text):
    return [word for word in re.split(r"\s+", re.sub(r"[^a-z0-9]+", " ", text.lower())) if word]


TEXTS = [
    "", " ", "A", "the", "The  Eiffel-Tower,\tin an old PARIS! ", "theatre", "a.m.", "A-1", "the_cat", "_a_",
    "\u0130stanbul", "I\u0307stanbul", "DI\u011eER", "stra\u00dfe", "STRA\u1e9eE", "\u039f\u0394\u039f\u03a3",
    "\u039f\u0394\u039f\u03a3 \u03a3\u0391\u03a3", "\u03a3", "a\u03a3", "\u03a3a", "a\u03a3\u0301", "a\u03a3\u0301b", "a.\u03a3.b", "a\u03a3'",
    "the\u00a0cat", "the\u3000cat", "the\u200bcat", "the\u2028cat", "the\u2029cat", "the\u202fcat", "the\u180ecat",
    "the\ufeffcat", "the\x1ccat\x1dsat\x1eon\x1fit", "the\x85cat", "the\x0bcat\x0csat", "the\u1680cat\u2007sat\u205fon",
    "the\u0301 cat", "a\u0300", "\u0301the", "e\u0301t\u00e9", "\u00e9a", "a\u00e9", "\u00e9 a \u00e9", "the\u00b2", "\u00bdthe", "the\u2167",
    "\u4e2dthe\u4e2d", "\u4e2d the \u4e2d", "\u2014the\u2014cat", "a\u2013b", "\u201cThe Who\u201d", "l\u2019a", "the\u20ac", "the\u00b7a", "\u00aaa",
    "\uff34\uff28\uff25 cat", "\uff21", "\uff01\uff1f", "\u212aelvin", "\u212b", "\u01c5", "\u01c4a", "\u2160\u2161", "\u24b6",
    "\u0410 \u0430 a", "\U0001d400 the \U0001f600", "\U00010400", "the\U0001f600", "a\u200da", "a\u00ada", "1,000", "$5", "-5", "C++", "?", "\u2026",
    "an a the", "the the", "anthem than a", "3a a3", "\u0661a", "\u0967 a", "\u1c80\u13a0", "\u0345A\u03a3", "A\u0345\u03a3", "\u02b0\u03a3",
]

PAIRS = [
    ("", ["A"]), ("anything", ["The"]), ("the", ["The Who", "the"]), ("", ["The Who", "the"]), ("who", ["The Who", "the"]),
    ("", [""]), ("x", [""]), ("", ["x"]), ("in the city of Paris", ["Paris"]), ("red red fox", ["red fox fox"]),
    ("Paris", ["London", "Paris, France"]), ("\u0130stanbul", ["i\u0307stanbul"]), ("\u039f\u0394\u039f\u03a3", ["\u03bf\u03b4\u03bf\u03c2"]),
    ("\u039f\u0394\u039f\u03a3", ["\u03bf\u03b4\u03bf\u03c3"]), ("new\u00a0york", ["New York"]), ("new\u200byork", ["New York"]),
    ("STRASSE", ["stra\u00dfe"]), ("A", ["a", "B"]), ("vitamin A", ["Vitamin"]), ("vitamin A", ["vitamin a", "A"]), ("5", ["-5"]), ("?!", ["..."]),
    ("the \u4e2d \u6587", ["\u4e2d\u6587", "\u6587 \u4e2d"]), ("a\u2013b", ["\u2013b"]),
]


def main():
    lines = []
    for text in TEXTS:
        lines.append({"text": text, "normalized": " ".join(words(text, False)),
                      "with_articles": " ".join(words(text, True)), "rouge": rouge_words(text)})
    for prediction, answers in PAIRS:
        exact, f1 = scores(prediction, answers, False)
        exact_with, f1_with = scores(prediction, answers, True)
        lines.append({"prediction": prediction, "answers": answers, "exact": exact, "f1": f1,
                      "exact_with_articles": exact_with, "f1_with_articles": f1_with})
    file = pathlib.Path(__file__).parent / "answers.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


main()
