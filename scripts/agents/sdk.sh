#!/bin/sh
# Runs the vendors' SDKs, for Python and for Node, against a gateway.
#
#   scripts/agents/sdk.sh URL [ARGUMENT of sdk/matrix.py...]
#
# KEY and LIMITED_KEY come from the environment; the second may name `sim-coder` alone.
set -eu
export PYTHONDONTWRITEBYTECODE=1

here=$(cd "$(dirname "$0")" && pwd)
code=0
"$("$here/install.sh" --python)" "$here/sdk/matrix.py" "$@" || code=1
SDKS="$("$here/install.sh" --node)" node "$here/sdk/matrix.mjs" "$@" || code=1
exit $code
