"""Many people at one page over the demo: python -m tests.benchmarks.serving [--clients 20] [--seconds 120].

The page runs in a process of its own. Every other client asks by the API, the rest by the page's own events, in the
page's line. First one after the other asks everything alone; then all ask at once, and every answer is compared with
the one that the recipe got alone; then the same while one more person has scores measured. The server keeps its last
256 answers, and twenty recipes ask more than that in turn, so nearly every answer is made anew.
"""

import argparse
import math
import os
import tempfile
from pathlib import Path

from tests.serving.people import Heard, Person, Visitor, alone, crowd, pairs, together
from tests.serving.raw import Raw
from tests.serving.running import running

# Pictures, each with a question, that every recipe is asked about.
PAIRS = 14
# Seconds of the part in which scores are measured; and a run that outlasts it.
SCORING = 90
SETTINGS = {"asked": 1, "method": "zeroth-order", "samples": 128, "draws": 4, "seed": 1}


def table(names: list[str], found: list[Heard]) -> str:
    """Figures as a table in Markdown, a column for each part."""

    def at(times: list[float], share: float) -> str:
        ordered = sorted(times)
        return f"{ordered[math.ceil(share * len(ordered)) - 1]:.2f} s" if ordered else "-"

    asks = (Person.ways[0], Visitor.ways[0])
    counts = [sum(len(heard.times.get(way, [])) for way in asks) for heard in found]
    rows = {
        "seconds": [f"{heard.seconds:.0f}" for heard in found],
        "questions answered": [str(count) for count in counts],
        "questions a second": [f"{count / heard.seconds:.1f}" for count, heard in zip(counts, found)],
    }
    for way in (*Person.ways, *Visitor.ways):
        for words, share in (("median", 0.5), ("95% within", 0.95), ("longest", 1.0)):
            rows[f"{way}: {words}"] = [at(heard.times.get(way, []), share) for heard in found]
    rows["answers of another recipe"] = [str(heard.wrong) for heard in found]
    rows["errors"] = [str(len(heard.errors)) for heard in found]
    lines = [["", *names], ["---"] * (1 + len(names)), *([name, *values] for name, values in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def scored(url: str) -> tuple[int, int]:
    """(units measured, of how many) of the run that goes on."""
    run = Raw(url).run("scoring", "cost", [""], SETTINGS)[0]["run"]
    return run["done"], run["total"]


def main() -> None:
    """Serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, running(Path(place) / "cache") as server:
        asked = pairs(Path(place), PAIRS)
        people = crowd(server.url, chosen.clients)
        people[0].ask(asked[0])  # waits until the model is there
        expected, single = alone(people, asked)
        heard = together(people, asked, expected, lambda count, seconds: seconds < chosen.seconds)
        Raw(server.url).run("scoring", "measure", [""], SETTINGS)
        meanwhile = together(people, asked, expected, lambda count, seconds: seconds < min(SCORING, chosen.seconds))
        done, total = scored(server.url)
        for person in people:
            person.close()
    columns = ["alone", f"{chosen.clients} at once", "and scores measured"]
    print(table(columns, [single, heard, meanwhile]))
    print(f"\nMeanwhile {done:,} of {total:,} units of the scores were measured.")
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} in the last minute.")
    for error in [*heard.errors, *meanwhile.errors][:5]:
        print(error)


if __name__ == "__main__":
    main()
