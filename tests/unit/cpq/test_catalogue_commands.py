"""What `doorstep catalog compile --json` prints, and what the builder does with less than it would take."""

import json
import resource
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from app.cpq import diagram_build
from app.cpq.check_faults import Faults
from app.cpq.cli import catalog
from app.cpq.dimacs import parse_dimacs

KEYS = ["name", "features", "rules", "nodes", "solutions", "bytes", "seconds", "engine"]
PRODUCT = """
  - sku: P{0}
    name: Product {0}
    kind: device
    family: f
    features:
      - {{id: a, name: A, type: choice, values: [{{id: x, name: X}}, {{id: y, name: Y}}, {{id: z, name: Z}}]}}
      - {{id: b, name: B, type: boolean}}
    rules:
      - {{id: R{0}, text: "X needs B.", requires: {{if: {{a: x}}, then: {{b: yes}}}}}}"""
TWO = 'format: 1\nid: two\nversion: "1"\nname: Two\nvalid_from: 2026-01-01\nproducts:' + "".join(
    PRODUCT.format(number) for number in (1, 2)
)


def test_several_products_are_one_object_with_the_sums(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(TWO)

    done = CliRunner().invoke(catalog, ["compile", "--json", str(file)])
    said = json.loads(done.output)

    assert (done.output.count("\n"), list(said)) == (1, KEYS)
    assert (said["name"], said["features"], said["rules"], said["solutions"]) == ("Two", 4, 2, "25")
    assert said["engine"] == "diagram"


def test_the_builder_lives_with_lower_limits_than_its_own() -> None:
    task = {"variables": 2, "constraints": [["or", 1, 2]], "nodes": 100, "seconds": 60}
    low = 1_900_000_000

    done = subprocess.run(
        [sys.executable, "-P", str(diagram_build._WORKER)],
        input=json.dumps(task).encode(),
        capture_output=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (low, low)),
    )

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["levels"]) == 2


def test_what_takes_too_long_to_tell_is_given_up() -> None:
    pigeons, holes = 13, 12
    variable = [[pigeon * holes + hole + 1 for hole in range(holes)] for pigeon in range(pigeons)]
    clauses = [" ".join(map(str, row)) for row in variable] + [
        f"-{variable[one][hole]} -{variable[other][hole]}"
        for hole in range(holes)
        for one in range(pigeons)
        for other in range(one)
    ]
    rows = "".join(f"{clause} 0\n" for clause in clauses)
    faults = Faults(parse_dimacs(f"p cnf {pigeons * holes} {len(clauses)}\n{rows}", "pigeons"), most_conflicts=2_000)

    assert faults.is_void() is None
    assert len(faults.rules(())) == len(clauses)
