"""How hospitals and principals may be called, wherever a credential names them."""

from __future__ import annotations

import re
from typing import Final

WHOLE_NETWORK: Final = "*"
"""Instead of a hospital: all of them."""

HOSPITAL_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME: Final = re.compile(r"[\w .@:-]{1,80}")

OF_PEOPLE: Final = "user:"
OF_TOKENS: Final = "token:"
RESERVED: Final = (OF_PEOPLE, OF_TOKENS)
"""How the names of people and of signed tokens begin in the log: no key may take one."""
