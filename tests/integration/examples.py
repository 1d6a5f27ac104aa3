# SPDX-License-Identifier: BSD-2-Clause
"""The files of examples/, made to run in a private directory: other paths and ports, and nothing else is changed."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = TOP / "examples"


def replace_all(texts, replacements):
    """Each of the texts with all replacements made at once; each must occur in one of them at least."""
    olds = sorted(replacements, key=len, reverse=True)  # the longer one first where one begins another
    pattern = re.compile("|".join(map(re.escape, olds)))
    seen = set()

    def replace(match):
        seen.add(match[0])
        return str(replacements[match[0]])

    changed = [pattern.sub(replace, text) for text in texts]
    missing = replacements.keys() - seen
    assert not missing, f"the examples contain no {sorted(missing)}"
    return changed


def write(names, directory, replacements):
    """Writes the named files of examples/ into the directory, under their last names."""
    sources = [EXAMPLES / name for name in names]
    for source, text in zip(sources, replace_all([source.read_text() for source in sources], replacements)):
        copy = pathlib.Path(directory) / source.name
        copy.write_text(text)
        copy.chmod(source.stat().st_mode & 0o777)


def rewrite(path, replacements):
    (text,) = replace_all([path.read_text()], replacements)
    path.write_text(text)
