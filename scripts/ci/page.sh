#!/usr/bin/env bash
# The page at / in a real Chromium: one that is found, or Debian's where apt can be reached.
set -euo pipefail
cd "$(dirname "$0")/../.."

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if ! find_chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  (timeout 120 apt-get update -qq && timeout 400 apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1 || true
fi

if chromium="$(find_chromium)"; then
  timeout 300 node test/page/check-page.mjs "$chromium"
else
  echo "Skipped: the page at / in Chromium, because there is none and it could not be installed."
fi
