"""Rewrites a Rust file so that each of many changes to it can be switched on when the program runs, by `crate::mutant("its name")`.

A change inside a function: the function gets its body once more, with the change, and asks which one is meant:

    fn f() -> u8 { if crate::mutant("the name") { /* changed */ } else { /* as it was */ } }

A change of a constant: the constant stands there once more under another name, and wherever the file uses it, the use asks. Anything else cannot be switched.
"""
import json
import re
from collections import defaultdict

TOKENS = re.compile(
    r"//[^\n]*"  # comments
    r"|/\*.*?\*/"
    r"|(?<!\w)b?r(?P<hashes>#*)\".*?\"(?P=hashes)"  # strings
    r"|(?<!\w)b?\"(?:\\.|[^\"\\])*\""
    r"|(?<!\w)b?'(?:\\.[^']*|[^'\\])'",  # characters; a lifetime has no second quote so near
    re.DOTALL,
)
FUNCTION = re.compile(r"\bfn\s+(?P<name>\w+)")
CONSTANT = re.compile(r"(?:\bpub(?:\([^)]*\))?\s+)?\bconst\s+(?P<name>[A-Z]\w*)\s*:")


class Unfit(Exception):
    """A change that cannot be switched."""


def bare(text):
    """The text, as long as it was, without what stands in comments, strings and characters: what is left of braces and names is code."""
    return TOKENS.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def end_of(code, start, stops):
    """Where one of `stops` comes first after `start`, outside of all brackets that open after it."""
    depth = 0
    for at in range(start, len(code)):
        if depth == 0 and code[at] in stops:
            return at
        depth += (code[at] in "([{") - (code[at] in ")]}")
    raise Unfit("a bracket is not closed")


def functions(code):
    """Where the bodies of functions begin and end, braces included, with their names."""
    for found in FUNCTION.finditer(code):
        opens = end_of(code, found.end(), "{;")
        if code[opens] == "{":
            yield opens, end_of(code, opens + 1, "}") + 1, found["name"]


def constants(code):
    """Where constants begin and end, semicolon included, with their names."""
    for found in CONSTANT.finditer(code):
        yield found.start(), end_of(code, found.end(), ";") + 1, found["name"]


def asked(what):
    return f"crate::mutant({json.dumps(what)})"


def changed(text, edits):
    """The text after some edits, each of a text that stands in it once."""
    for edit in edits:
        if text.count(edit["text"]) != 1:
            raise Unfit(f"{edit['text']!r} does not stand there once")
        text = text.replace(edit["text"], edit["by"])
    return text


def place_of(source, bodies, items, edit):
    """The function or the constant in which an edit's text stands: where it begins and ends, its name, whether it is a constant."""
    inside = [body for body in bodies if body[2] == edit["in"]] if "in" in edit else [(0, len(source))]
    if len(inside) != 1 or source.count(edit["text"], *inside[0][:2]) != 1:
        raise Unfit("the text does not stand there once")
    begins = source.index(edit["text"], *inside[0][:2])
    ends = begins + len(edit["text"].rstrip())
    for body in bodies:
        if body[0] < begins and ends < body[1]:
            return *body, False
    for item in items:
        if item[0] <= begins and ends <= item[1]:
            return *item, True
    raise Unfit("the text is in no function and no constant")


def switched(source, changes):
    """The source of a file with all of its changes: pairs of a name and an edit, which has a `text`, a `by`, and perhaps the function it is `in`."""
    code = bare(source)
    # of functions in functions the innermost is the one
    bodies, items = sorted(functions(code), key=lambda body: body[1] - body[0]), list(constants(code))
    places = defaultdict(lambda: defaultdict(list))
    for what, edit in changes:
        try:
            places[place_of(source, bodies, items, edit)][what].append(edit)
        except Unfit as unfit:
            raise Unfit(f"{what}: {edit['file']}: {unfit}") from None
    uses = []
    for (begins, ends, name, is_constant), edits_of in sorted(places.items(), reverse=True):
        old = new = source[begins:ends]
        if is_constant:
            for number, (what, edits) in enumerate(edits_of.items(), 1):
                other = f"{name}_{number}_SWITCHED"
                new += "\n" + re.sub(rf"\b{name}\b", other, changed(old, edits), count=1)
                uses.append((name, what, other))
        else:
            branches = [f"if {asked(what)} {changed(old, edits)} else " for what, edits in edits_of.items()]
            new = "{ " + "".join(branches) + old + " }"
        source = source[:begins] + new + source[ends:]
    for name, what, other in uses:
        source = at_uses(source, name, f"(if {asked(what)} {{ {other} }} else {{ {name} }})")
    return source


def at_uses(source, name, by):
    """The source with `by` wherever it uses a constant of its own."""
    code, pieces, done = bare(source), [], 0
    for found in re.finditer(rf"(?<![\w:]){name}\b(?!\s*:[^:])", code):
        pieces += [source[done:found.start()], by]
        done = found.end()
    return "".join(pieces) + source[done:]
