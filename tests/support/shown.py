# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Values that a playbook shows, for tests to read: a task that writes them into files takes a second longer."""

from __future__ import annotations

import base64
import json
import re
from typing import Any


def show(expression: str) -> dict[str, Any]:
    """Returns a task that shows the value of an expression, on each host."""
    return {
        "ansible.builtin.debug": {
            "msg": "VALUE {{ inventory_hostname }} {{ (" + expression + ") | to_json | b64encode }}"
        }
    }


def shown(printed: str) -> dict[str, Any]:
    """Returns the values that a playbook has shown, by their hosts."""
    found = re.findall(r'"VALUE (\S+) ([^"]+)"', printed)
    return {host: json.loads(base64.b64decode(value)) for host, value in found}
