"""Writes regex.json: regular expressions, texts, and which of them RE2 matches as a whole; null where it refuses the pattern.

    pip install google-re2==1.1.20251105
    python regex_recipe.py
"""

import json
from pathlib import Path

import re2

TEXTS = [
    "", "a", "b", "ab", "aab", "abc", "abab", "aaa", "A", "Ab", "AB", "k", "\u212a", "s", "\u017f", "é", "É", "ß", "\u03c3", "\u03c2", "\u03a3",
    "1", "12", "0", "007", "123", "a1", "_", "a_b", " ", "a b", "\t", "\n", "a\n", "a\nb", "\na", "\r\n", "\v", "-", "a-b", "]", "[", "^", "\\",
    ".", "$", "{", "a{,2}", "a{2", "{2}", "x", "xyz", "www.google.com", "www.facebook.com", "account@gmail.com", "account@hotmail.com",
    "not email", "jet_pt", "jet12", "muon", "日本", "٣", "中a", "\U0001f600", "e\u0301", "\x07", "\x0c", "\x41", "a.b", "(", ")", "a|b", "*",
]  # fmt: skip

PATTERNS = r"""
a  ab  b*  a+b  a?b  a*b*  (a|b)*  (ab)+  (?:ab)*  a{2}  a{2,}  a{1,2}  a{0}  a{0,1}b  a{,2}  a{2  {2}  a{1,2}?  a*?b  a+?  a??  (a*)*  (a*)+  (a?){3}  (|a)b  a    b  ()  (a||b)c?
.  ..  .*  (?s).  (?s).*  (?s)a.b  [^a]  [^a]*  [abc]+  [a-c]*  []]  [^]]  [a-]  [-a]  [a-b-c]  [\d]  [\D]  [\w-]+  [[:alpha:]]+  [[:^alpha:]]  [[:word:]]  [[:space:]]  [^\s\d]+
[[:punct:]]  [[:xdigit:]]+  [[:foo:]]  [b-a]  [a  [  []  [a-\d]  [\]a]  [\\]  [^^]  [\x41-\x43]+  [\x{3b1}-\x{3c9}]  [é-ü]  [\pL]+  [^\pL]  [\p{Lu}\d]+  [\PL]
\d  \d+  \D  \w+  \W  \s  \S+  \pL  \p{L}+  \PL  \p{^L}  \p{Lu}  \P{Lu}  \p{Nd}  \pN+  \pZ  \pS  \p{So}  \pC  \p{Any}  \p{Xx}  \pX  \p{L  \p
^a$  ^a  a$  ^*  ^a*$  (^a)  (a$)  a^b  a$b  \Aa\z  \Z  \za  (?m)^a$  (?m)a$\n^b  (?m)^b  (?m)a$\nb  (?m)$\n  (?-m)a$  \ba\b  a\b  \Ba  a\B  \b  \B  a\b.\bb  \bab\b  a\Bb
(?i)ab  (?i)AB  (?i)k  (?i)\x{212a}  (?i)s  (?i)é  (?i)É  (?i)ß  (?i)σ  (?i)[a-c]+  (?i)[^a]  (?i)[k]  (?i)\w  (?i)\W  (?i)\p{Lu}  (?i:a)b  (?i)a(?-i)b  a(?i)b  (?:a(?i)b)B?  (?i-s)a.b  (?U)a+  (?iU)A+
(?P<name>a)b  (?<name>a)b  (?P<n>a)(?P<n>b)  (?P<>a)  (?P<1n>a)  (?P<é>a)  (?P=name)  (?=a)a  (?!a)b  (?<=a)b  (?<!a)b  (?>a)  (?#x)a  (?)a  (?-)a  (?i-)a  (?x)a  (?imsU)a  (?i  (?
a**  a*+  a+*  a?*  a{2}*  a{2}{3}  *a  +  ?  (*a)  (|a*)  a  *  a(?i)*  (a|b|)*  a)  (a|((a)|a]|a}|\
\n  \t  \r  \f  \v  \a  \e  \x41  \x4  \x{41}  \x{  \x{}  \x{110000}  \x{000041}  \101  \12  \1  \8  \0  \07  \60  \60\60  \Q.\E  \Qa\E*  \Qab  \E  \Q\Q  \q  \_  \-  \.  \\  \[  \é  \   \u0041  \c
a{1000}  a{1001}  (a{2}){2}  a{2,1}  a{01}  a{1,01}  a{99999999999999999999}  x*  x+  (x+x+)+y  (x*)*y  ([a-z]+)*\d  www\.[\w.-]+\.\w+  (\W|^)[\w.\-]{0,25}@(hotmail|gmail)\.com(\W|$)
日本  [日本]+  \x{1f600}  .\x{301}  e\x{301}?  jet_?\w+  (?:jet|muon)\d*  (?i)(jet|muon)\d{0,2}  [^\x00-\x{10ffff}]  [\x00-\x{10ffff}]  -  \W+  a\|b  a\.b  \$  \^  \(  \)  \*  \{  a\{,2}
a|b  a|ab|abc  (|a*)  |a  a|  a||b  |  ab|(?i)b  a|(b|(c|d))  (a|b)(a|b)?  (a|ab)(c|bcd)?  ^(a|b)$  (?:|a)+  ((a|b)*|c)*  (a  (a|b  a)  [a  ((a)  (|
"""


def patterns():
    """Two spaces stand between patterns."""
    for line in PATTERNS.strip("\n").split("\n"):
        yield from line.split("  ")


def matches(pattern):
    options = re2.Options()
    options.log_errors = False
    try:
        expression = re2.compile(pattern, options)
    except re2.error:
        return None
    return [index for index, text in enumerate(TEXTS) if expression.fullmatch(text)]


def main():
    records = [{"pattern": pattern, "matches": matches(pattern)} for pattern in dict.fromkeys(patterns())]
    refused = sum(record["matches"] is None for record in records)
    print(len(records), "patterns,", refused, "of them refused")
    lines = ",\n".join(json.dumps(record, ensure_ascii=True, separators=(",", ":")) for record in records)
    path = Path(__file__).parent / "regex.json"
    path.write_text(f'{{"producer":"google-re2","texts":{json.dumps(TEXTS)},"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
