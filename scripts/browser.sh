#!/usr/bin/env bash
# The browser tests drive Debian's Chromium; install it where it is missing and we may.
set -euo pipefail
command -v chromium >/dev/null && exit 0
echo "==> Installing Chromium for the browser tests (once)"
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else
  echo "Nirtatap: Chromium is needed for the browser tests; install it with: sudo apt install chromium" >&2; exit 1; fi
export DEBIAN_FRONTEND=noninteractive
{ $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends chromium fonts-noto-color-emoji; } >/dev/null 2>&1 || {
  echo "Nirtatap: Chromium could not be installed; install it with: sudo apt install chromium" >&2; exit 1; }
