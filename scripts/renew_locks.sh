#!/usr/bin/env bash
# Renew requirements/*.txt: hashes for every file, no host name anywhere.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
command -v uv >/dev/null || { echo "Nirtatap: uv is needed to renew the locks; install it with: pip install uv" >&2; exit 1; }
options=(--quiet --universal --generate-hashes --no-header)
uv pip compile "${options[@]}" --python-version 3.10 --override rasa-overrides.txt rasa.in -o rasa.txt
uv pip compile "${options[@]}" --python-version 3.11 app.in -o app.txt
uv pip compile "${options[@]}" --python-version 3.11 -c app.txt dev.in -o dev.txt
