"""Why: an entry explained, or all that touched a token, a ticket, an appointment, an admission, a referral …"""

from replay.explaining.form import Explanation
from replay.explaining.telling import Unknown, explain

__all__ = ["Explanation", "Unknown", "explain"]
