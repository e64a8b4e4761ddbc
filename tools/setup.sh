#!/usr/bin/env bash
# Set-up steps of the Makefile. Uses apt where it may, and says exactly what to install where it may not.
set -euo pipefail

apt_install() { # names…: install with apt as root or through sudo without a password; false if neither is possible
  command -v apt-get >/dev/null || return 1
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  echo "installing with apt: $*"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

environment() { # make .venv with pip, from $PYTHON or the first Python that suits
  local python
  for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11} ""; do
    [ -z "$python" ] || ! suits "$python" || break
  done
  if [ -z "$python" ]; then
    echo "Vanthu needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11 …" >&2
    exit 1
  fi
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    apt_install python3-venv || { echo "Please install the package python3-venv: sudo apt-get install python3-venv" >&2; exit 1; }
  fi
  "$python" -m venv --clear .venv
}

install() { # requirements file: install what it pins, then the product itself in place
  echo "installing $1 into .venv …"
  # Wheels only, so that nothing needs a compiler; forbiddenfruit, which a test tool uses, is pure Python but has no wheel.
  .venv/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: --no-binary forbiddenfruit -r "$1"
  .venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
}

missing() { # names…: print those whose program is not there
  local name
  for name in "$@"; do
    case $name in
      rabbitmq-server) [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || echo "$name" ;;
      postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || echo "$name" ;;
      chromium) browser || echo "$name" ;;
      softhsm2) { command -v softhsm2-util && [ -e /usr/lib/softhsm/libsofthsm2.so ]; } >/dev/null || echo "$name" ;;
      strace) command -v strace >/dev/null || echo "$name" ;;
      e2fsprogs) [ -x /usr/sbin/mkfs.ext4 ] || [ -x /sbin/mkfs.ext4 ] || echo "$name" ;;
      libatomic1) ldconfig -p | grep -q libatomic.so.1 || echo "$name" ;;
    esac
  done
}

browser() { [ -x /usr/bin/chromium ] || compgen -G "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}/chromium*" >/dev/null; }

packages() { # names…: make sure the programs that the tests start are there
  local names
  mapfile -t names < <(missing "$@")
  [ ${#names[@]} = 0 ] && return
  # Ubuntu has no chromium package that runs without snap; there Playwright brings its own.
  if [[ " ${names[*]} " == *" chromium "* ]] && grep -qi '^ID=ubuntu' /etc/os-release; then
    .venv/bin/playwright install --with-deps chromium
    mapfile -t names < <(missing "$@")
  fi
  [ ${#names[@]} = 0 ] || apt_install "${names[@]}" || true
  mapfile -t names < <(missing "$@")
  [ ${#names[@]} = 0 ] && return
  echo "The tests start these themselves but cannot install them: please run" >&2
  echo "  sudo apt-get install --no-install-recommends ${names[*]}" >&2
  exit 1
}

"$@"
