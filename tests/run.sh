#!/usr/bin/env bash
# Installs what the tests need, builds, runs every test project and ends with the line "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0
failed=0
for project in tests/*.Tests; do
  # Not every service that it starts is there yet.
  [ "$project" = tests/EndToEnd.Tests ] && continue
  echo "== $project"
  log=$(mktemp)
  dotnet test "$project" -c Release 2>&1 | tee "$log"
  line=$(grep -E '^(Passed|Failed)! ' "$log" | tail -n 1)
  p=$(sed -n 's/.*Passed: *\([0-9]*\).*/\1/p' <<<"$line")
  f=$(sed -n 's/.*Failed: *\([0-9]*\),.*/\1/p' <<<"$line")
  passed=$((passed + ${p:-0}))
  failed=$((failed + ${f:-1}))
  rm -f "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
