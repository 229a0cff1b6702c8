#!/usr/bin/env bash
# Checks what is below deploy/, as far as that goes without a cluster.
#
#   scripts/deploy.sh TOLLHOUSE                      everything below
#   scripts/deploy.sh TOLLHOUSE clients [--write]    what agents' pods are told is what the gateway hands out
#   scripts/deploy.sh TOLLHOUSE check                manifests, recipes of images, configuration
#   scripts/deploy.sh TOLLHOUSE play                 the sample run on this machine, with the real Codex
set -euo pipefail
# The scripts lie in the checkout, which is to stay as it is.
export PYTHONDONTWRITEBYTECODE=1

[ $# -ge 1 ] || {
    echo "usage: scripts/deploy.sh TOLLHOUSE [clients [--write] | check | play]" >&2
    exit 64
}
tollhouse=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)/deploy
"$here/install.sh"
python=$("$here/install.sh" --python)
if [ $# -gt 1 ]; then
    what=$2
    shift 2
    exec "$python" "$here/$what.py" "$tollhouse" "$@"
fi
for what in clients check play; do
    "$python" "$here/$what.py" "$tollhouse"
done
