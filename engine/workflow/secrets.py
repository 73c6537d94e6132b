"""What is a secret: one rule for names, one for values. Pure; knows nothing of where they are kept.

A rule by looks can miss, and can hide too much: names decide where there is one, and text is only
hidden where it looks like a key, a login or the value of a name that holds one.
"""

from __future__ import annotations

import re

HIDDEN = "<hidden>"
"""What stands in place of a secret."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALWAYS = _words(
    "password passwd passphrase passcode pwd pw pin secret secrets credential credentials auth "
    "authorization authentication bearer jwt apikey cookie cookies token"
)
"""Words that make a name a secret's wherever they stand in it."""
_PARTS = ("apikey", "accesskey", "privatekey", "secretkey", "password", "passphrase", "accesstoken")
_AFTER_TOKEN = _words(
    "normalization norm count counts limit length len weight weights id ids ratio merging merge "
    "size budget type index indices start end"
)
"""Words after "token" that say it is a piece of text, not a key to something."""
_BEFORE_KEY = _words(
    "sort primary foreign dict json cache node frame musical music chroma color colour layer model "
    "lookup group order partition hot short cut input output image lora state public"
)
"""Words before "key" that say it opens nothing."""
_PASS_OF = _words("user db database login http https ftp smtp imap mail proxy admin root account my")

_SCHEME = r"[a-z][a-z0-9+.-]{0,30}://"
_LOGIN = re.compile(rf"(?P<scheme>{_SCHEME})[^\s/?#\"'<>]{{1,500}}@", re.IGNORECASE)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}-----|\Z)", re.DOTALL
)
_HEADER = re.compile(
    r"(?P<scheme>\b(?:bearer\s+(?=[\w.~+/=-]*[\d._=])|basic\s+(?=[\w+/]*[\d=])))[\w.~+/=-]{6,}", re.IGNORECASE
)
_KNOWN = re.compile(
    r"(?<![\w-])(?:sk-[\w-]{16,}|sk_(?:live|test)_\w{10,}|rk_(?:live|test)_\w{10,}|hf_\w{16,}|gh[pousr]_\w{16,}|"
    r"github_pat_\w{16,}|glpat-[\w-]{16,}|npm_\w{20,}|pypi-[\w-]{20,}|xox[abeprs]-[\w-]{10,}|xapp-[\w-]{10,}|"
    r"A[KS]IA[A-Z0-9]{12,}|AIza[\w-]{30,}|ya29\.[\w-]{10,}|r8_\w{16,}|gsk_\w{16,}|xai-\w{16,}|pplx-\w{16,}|"
    r"nvapi-[\w-]{16,}|dop_v1_\w{16,}|SG\.[\w-]{10,}\.[\w-]{10,}|comfyui-[0-9a-f]{32,}|key-[0-9a-f]{32}|"
    r"\d{8,10}:[\w-]{35}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}|eyJ[\w-]+\.[\w-]+\.[\w-]*)"
)
_NAME = re.compile(r"(?<![\w-])(?P<name>[\w-]{1,64})\\?[\"']?\s{0,3}[=:](?!//)\s{0,3}\\?[\"']?")
_FLAG = re.compile(r"(?<![\w-])(?P<name>--?[a-z][\w-]{1,64})\s{1,3}[\"']?", re.IGNORECASE)
_VALUE = re.compile(
    r"(?<=[\"'])[^\"'\\\n]+|(?:(?:bearer|basic|token|digest)\s+)?[^\s\"'\\&,;)}\]]+", re.IGNORECASE
)
"""What stands behind a name: quoted, or a word."""


def is_secret_name(name: str) -> bool:
    """Whether a value of this name is probably a secret (``api_key``, ``hf_token``, ``db_pass``).

    ``max_tokens``, ``token_normalization``, ``sort_key`` and ``second_pass`` are none.
    """
    words = [word.lower() for word in _WORDS.findall(name[:200])]
    squashed = "".join(words)
    if any(part in squashed for part in _PARTS):
        return True
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        after = words[position + 1] if position + 1 < len(words) else ""
        if word == "token":
            if after not in _AFTER_TOKEN:
                return True
        elif word in _ALWAYS:
            return True
        elif word in ("key", "keys"):
            if before and not before.isdigit() and before not in _BEFORE_KEY and not after:
                return True
        elif word == "pass" and not after and (not before or before in _PASS_OF):
            return True
    return False


def is_secret(name: str, value: object) -> bool:
    """Whether ``value`` under ``name`` is to be hidden. Nothing, flags and empty text are no secrets."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and not value.strip()):
        return False
    if is_secret_name(name):
        return True
    # "tokens" counts pieces of text, unless what stands there is no number.
    is_text = isinstance(value, str) and not value.strip().replace(".", "", 1).isdigit()
    words = [word.lower() for word in _WORDS.findall(name[:200])]
    return is_text and bool(words) and words[-1] == "tokens" and " " not in str(value).strip()


def hide_in_text(text: str) -> str:
    """``text`` without the keys, logins and named secrets that stand in it."""
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    text = _LOGIN.sub(rf"\g<scheme>{HIDDEN}@", text)
    text = _hide_named(_FLAG, _hide_named(_NAME, text))
    text = _HEADER.sub(rf"\g<scheme>{HIDDEN}", text)
    return _KNOWN.sub(HIDDEN, text)


def _hide_named(names: re.Pattern[str], text: str) -> str:
    """A value is looked at only behind the name of a secret: behind others it may hold such a name itself."""
    parts, at = [], 0
    for found in names.finditer(text):
        if found.start() < at or not is_secret(found["name"], "text"):
            continue
        value = _VALUE.match(text, found.end())
        if value is not None and is_secret(found["name"], value[0]):
            parts += [text[at : value.start()], HIDDEN]
            at = value.end()
    return "".join([*parts, text[at:]])
