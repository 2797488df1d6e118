#!/usr/bin/env bash
# The server under load, at length: SIGTERMs without a lost request, swaps of versions, overload, killed workers.
#
#   scripts/ci/load.sh [SIGTERMS]      to each kind of server: 10, or 50 for a release
set -euo pipefail
cd "$(dirname "$0")/../.."
AIMAAS_LOAD="${1:-10}" npx vitest run test/e2e/serve-load.test.ts
