"""Proofs, diagnoses and suggestions, as text, JSON or GitHub annotations."""

from __future__ import annotations

import json

from flowgate.outcome import INCONCLUSIVE, PASS, overall
from flowgate.project import Project
from flowgate.prove.proof import ArmRecord, Proof
from flowgate.prove.suggest import Suggestion
from flowgate.report.annotations import Annotation, commands, of_findings
from flowgate.report.findings import folded, told_once
from flowgate.report.style import from_here, paint, printable
from flowgate.usecases.prove import Diagnosed


def show_proofs(
    proofs: list[Proof], project: Project, form: str, color: bool, quiet: bool = False, verbose: bool = False
) -> str:
    """The whole output of `flowgate prove`."""
    if form == "json":
        record = {
            "schema": "flowgate/proof/v1",
            "verdict": overall([proof.verdict for proof in proofs]),
            "proofs": [proof.as_record() for proof in proofs],
            "findings": [found.as_record() for proof in proofs for found in proof.findings],
        }
        return json.dumps(record, indent=1) + "\n"
    if form == "github":
        undecided = [proof for proof in proofs if proof.verdict == INCONCLUSIVE]
        told = of_findings(found for proof in proofs for found in proof.findings)
        told += [Annotation("error", "flowgate prove", proof.note, proof.flow) for proof in undecided]
        return commands(told, project)
    return "".join(_proof(proof, project, color, quiet, verbose) for proof in proofs)


def _proof(proof: Proof, project: Project, color: bool, quiet: bool, verbose: bool) -> str:
    contract = f" {proof.contract}" if proof.contract else ""
    reduced = f" (reduced by {', '.join(proof.reduced)})" if proof.reduced else ""
    head = f"{printable(from_here(project, proof.flow))} {proof.name}{contract}{reduced}: "
    lines = [head + paint(proof.verdict, proof.verdict, color)]
    if proof.findings:
        lines += [told.text(project, color).rstrip() for told in told_once(proof.findings, verbose)]
        aside = folded(proof.findings, verbose)
        lines += [f"  {aside}"] if aside else []
    else:
        lines.append(f"  {printable_lines(proof.note)}")
    if proof.warning:
        lines.append("  " + paint("warning", "stale", color) + f": {printable(proof.warning)}")
    if not quiet:
        lines += [_arm(arm) for arm in proof.arms]
        lines += [f"  arms {proof.concurrency}; {proof.seconds:.1f} s in all"] if proof.concurrency else []
    if proof.verdict == PASS and not quiet:
        lines += [f"  {name} {held[:23]}" for name, held in sorted(proof.surface.items())]
    return "\n".join(lines) + "\n"


def _arm(arm: ArmRecord) -> str:
    workers = f"{arm.workers} worker" + ("s" if arm.workers > 1 else "")
    order = "" if arm.order in ("", "forward") else f", order {arm.order}" + ("" if arm.forced else " (not forced)")
    origin = "" if arm.origin == "proof" else f", made by `{arm.origin}`"
    return f"  arm {arm.name}: {arm.run}, {workers}{order}, hash seed {arm.hash_seed}, {arm.seconds:.1f} s{origin}"


def printable_lines(note: str) -> str:
    """A note of several lines, indented below its first."""
    return "\n".join(printable(line) for line in note.splitlines())


def show_diagnoses(diagnosed: list[Diagnosed], project: Project, form: str, color: bool) -> str:
    """The whole output of `flowgate prove --diagnose`."""
    if form == "json":
        return (
            json.dumps({"schema": "flowgate/diagnosis/v1", "flows": list(map(_diagnosis_record, diagnosed))}, indent=1)
            + "\n"
        )
    return "".join(_diagnosis(one, project, color) for one in diagnosed)


def _diagnosis_record(one: Diagnosed) -> dict[str, object]:
    culprit = one.culprit
    tried = [
        {
            "perturbation": found.perturbation.name,
            "what": found.perturbation.what,
            "divergence": found.divergence.as_record() if found.divergence else None,
        }
        for found in one.found
    ]
    record: dict[str, object] = {"flow": one.flow, "culprit": culprit.perturbation.name if culprit else None}
    cause = {"cause": culprit.perturbation.cause, "mend": culprit.perturbation.mend} if culprit else {}
    return record | cause | {"tried": tried}


def _diagnosis(one: Diagnosed, project: Project, color: bool) -> str:
    lines = [
        f"{printable(from_here(project, one.flow))} {one.name}: one change at a time, against a plain run at one worker"
    ]
    for found in one.found:
        verdict = paint("differs", "blocked", color) if found.divergence else paint("the same", "pass", color)
        lines.append(f"  {found.perturbation.what:<52}{verdict}")
    culprit = one.culprit
    if culprit is None or culprit.divergence is None:
        lines.append("  no single change makes a difference; `--schedules 10` tries more orders")
        return "\n".join(lines) + "\n"
    where = (
        f"{from_here(project, project.relative(culprit.divergence.file))}:{culprit.divergence.line}: "
        if culprit.divergence.file
        else ""
    )
    lines += [
        f"  {printable(where + culprit.divergence.sentence())}",
        f"  likely cause: {culprit.perturbation.cause}",
        f"  mend: {culprit.perturbation.mend}",
    ]
    return "\n".join(lines) + "\n"


def show_suggestions(suggested: list[Suggestion], project: Project, form: str) -> str:
    """The whole output of `flowgate prove --suggest`."""
    if form == "json":
        record = {"schema": "flowgate/suggestion/v1", "flows": [one.as_record() for one in suggested]}
        return json.dumps(record, indent=1) + "\n"
    return "".join(_suggestion(one, project) for one in suggested)


def _suggestion(one: Suggestion, project: Project) -> str:
    head = f"{printable(from_here(project, one.flow))} {one.name}: "
    lines = [
        head
        + (f"declare `determinism: {one.contract}`" if one.contract != one.declared else f"{one.contract}, as declared")
    ]
    for proof in one.tried:
        said = proof.divergence.sentence() if proof.divergence else proof.note
        lines.append(f"  {proof.contract}: {'does not hold' if proof.divergence else 'holds'}; {printable(said)}")
    if one.proposed:
        named = ", ".join(f'"{entry}"' for entry in one.proposed)
        lines.append(f"  the surface holds nothing that is computed; declare surface = [{named}]")
    if one.contract == "nondeterministic":
        lines.append("  with a `determinism_reason`; `flowgate prove --diagnose` says what makes the runs differ")
    return "\n".join(lines) + "\n"
