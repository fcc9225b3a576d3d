#!/usr/bin/env bash
# What action.yml runs: a scan, its summary beside the run, its outputs for later steps, and its exit status.
set -euo pipefail

out=${INPUT_OUT:-taster-report}
taster=${INPUT_TASTER:-}
if [ -z "$taster" ]; then
  if ! command -v taster >/dev/null; then
    cargo install --quiet --locked --path "$(dirname "$0")/../crates/cli"
  fi
  taster=taster
fi

lines() { printf '%s\n' "$1" | sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^$/d'; }
mapfile -t args < <(lines "${INPUT_ARGS:-}")
mapfile -t data < <(lines "${INPUT_DATA:-}")

status=0
"$taster" scan --out "$out" --junit "$out.junit.xml" --summary "${GITHUB_STEP_SUMMARY:-/dev/null}" \
  ${args[@]+"${args[@]}"} -- ${data[@]+"${data[@]}"} || status=$?

verdict=incomplete
if [ "$status" -lt 2 ]; then
  verdict=$(sed -n 's/^  "verdict": "\([a-z]*\)",$/\1/p' "$out/findings.json")
fi
{
  echo "verdict=$verdict"
  echo "report=$out"
  echo "sarif=$out/results.sarif"
  echo "junit=$out.junit.xml"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
