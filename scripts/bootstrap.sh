#!/usr/bin/env bash
# Set up what Nirtatap needs in this folder: .venv (the bot) and .venv-rasa (the NLU server).
# Run by `make run` and `make test`; does nothing where the locks and the Pythons are unchanged.
#
#   scripts/bootstrap.sh app     the bot and Rasa
#   scripts/bootstrap.sh dev     also what the tests and checks need
set -euo pipefail
cd "$(dirname "$0")/.."
mode="${1:-app}"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
stop() { printf 'Nirtatap: %s\n' "$*" >&2; exit 1; }

# A pyenv shim can exist and still not run, so each candidate is asked for its version.
find_python() {
  local candidate version
  for candidate in "$@"; do
    version=$("$candidate" -c 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case " $allowed " in *" $version "*) echo "$candidate"; return 0 ;; esac
  done
  return 1
}

allowed="3.11 3.10"
rasa_python=$(find_python "${RASA_PYTHON:-python3.11}" python3.11 python3 python3.10 python) ||
  stop "Python 3.11 (or 3.10) with venv is needed for Rasa; install it (Debian: apt install python3 python3-venv), or set RASA_PYTHON to its path."
allowed="3.11 3.12 3.13"
app_python=$(find_python "${APP_PYTHON:-python3.11}" python3.11 python3.13 python3.12 python3 python) ||
  stop "Python 3.11, 3.12 or 3.13 with venv is needed; install it (Debian: apt install python3 python3-venv), or set APP_PYTHON to its path."

# The stamp is what was installed from: lock contents and Python version, never a time.
install() { # environment python lock extra-pip-options...
  local env="$1" python="$2" lock="$3"; shift 3
  local stamp sources=("$lock")
  [ "$env" = .venv ] && sources+=(pyproject.toml) # the nirtatap command is installed there too
  stamp="$(cat "${sources[@]}" | sha256sum | cut -d' ' -f1) $("$python" -c 'import sys; print(sys.version)' | tr -d '\n')"
  if [ -x "$env/bin/python" ] && [ "$(cat "$env/.stamp" 2>/dev/null)" = "$stamp" ]; then return 0; fi
  say "Installing $(grep -c '^[a-z]' "$lock") packages into $env (once; about a minute)"
  rm -f "$env/.stamp"
  [ -x "$env/bin/python" ] && "$env/bin/python" -c '' 2>/dev/null || { rm -rf "$env"; "$python" -m venv "$env"; }
  "$env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes "$@" -r "$lock" 2>"$env/pip.log" ||
    { tail -n 15 "$env/pip.log" >&2; stop "the packages of $lock could not be installed; check the network connection to the Python package index and run the command again."; }
  [ "$env" = .venv ] && "$env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . 2>>"$env/pip.log" || [ "$env" != .venv ] ||
    { tail -n 15 "$env/pip.log" >&2; stop "the nirtatap command could not be installed into .venv."; }
  printf '%s' "$stamp" > "$env/.stamp"
}

# Two environments install side by side: most of the time is unpacking.
install .venv-rasa "$rasa_python" requirements/rasa.txt --ignore-requires-python & rasa_install=$!
app_failed=0
if [ "$mode" = dev ]; then
  install .venv "$app_python" requirements/dev.txt || app_failed=1
elif [ -e .venv/.stamp ] && [ "$(cut -d' ' -f1 .venv/.stamp)" = "$(cat requirements/dev.txt pyproject.toml | sha256sum | cut -d' ' -f1)" ]; then
  : # a development environment holds everything that the bot needs
else
  install .venv "$app_python" requirements/app.txt || app_failed=1
fi
wait "$rasa_install" || exit 1
[ "$app_failed" = 0 ] || exit 1
