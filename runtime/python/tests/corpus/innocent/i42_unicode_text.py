# innocent: counting and normalising text in several languages
import codecs
import locale
import re
import unicodedata
from collections import Counter

SMART = str.maketrans({"“": '"', "”": '"', "’": "'", "–": "-", "\u00a0": " ", "\u2028": "\n"})
# A line separator in a comment ends nothing:  eval("1") — and neither does “exec(…)”.
LONE = "broken \ud800 surrogate"
naïve = "naïve café"
größe = len(naïve)
変数 = "日本語のテキスト"


def fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(SMART))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def scripts(text: str) -> Counter:
    return Counter(unicodedata.name(c, "UNKNOWN").split()[0] for c in text if c.isalpha())


def safe(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape" if "\udc80" in text else "replace")


if __name__ == "__main__":
    print(fold("Straße “Ångström”"), größe, scripts(変数 + naïve).most_common(2))
    print(safe(LONE), "\N{GREEK SMALL LETTER PI}", "\x41\u0042\U00000043\104", b"\xff\x00\n"[0])
    print(re.findall(r"[^\W\d_]+", "l’été 42 x_y"), "ｅｖａｌ" == "eval", unicodedata.normalize("NFKC", "ﬁ"))
    print(codecs.lookup("utf8").name, codecs.BOM_UTF8.hex(), "ß".upper(), "{:>{width}}".format("é", width=4))
    with_error = b"caf\xe9".decode("utf-8", errors="surrogateescape")
    print(ascii(with_error), locale.getlocale() is not None, r"\N{not an escape}", rb"\x")
