#!/usr/bin/env bash
# The server under load, at length: 100 SIGTERMs without a lost request, swaps of versions, overload, killed workers.
set -euo pipefail
cd "$(dirname "$0")/../.."
AIMAAS_LOAD=full npx vitest run test/e2e/serve-load.test.ts
