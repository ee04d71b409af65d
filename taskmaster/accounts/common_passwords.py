"""Passwords that are guessed first.

The list is the package zxcvbn's: words by how often they come in leaked passwords, in English
and as names. Each word stands only where its rank is best, so all its lists together hold the
commonest passwords. It leaves out sequences and repetitions, which it finds by rules.
"""

MAX_RANK = 5_000  # of each list, about 18,000 words: OWASP ASVS 5.0, 6.2.4, asks for 3,000
SEQUENCES = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
MAX_REPETITION = 10  # characters


def is_common(password: str) -> bool:
    """Tell whether a password, in lower case, is a common one."""
    word = password.lower()
    return _is_listed(word) or _is_sequence(word) or _is_repetition(word)


def _is_listed(word: str) -> bool:
    # Imported at the first use: it takes 40 ms and 14 MB, which not every process needs.
    from zxcvbn.matching import RANKED_DICTIONARIES

    return any(ranks.get(word, MAX_RANK + 1) <= MAX_RANK for ranks in RANKED_DICTIONARIES.values())


def _is_sequence(word: str) -> bool:
    return any(word in row or word[::-1] in row for row in SEQUENCES)


def _is_repetition(word: str) -> bool:
    """Tell whether a short word repeats one, two or three characters: 121212."""
    return len(word) <= MAX_REPETITION and any(word[n:] == word[:-n] for n in (1, 2, 3))
