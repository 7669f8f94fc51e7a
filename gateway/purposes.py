"""Why somebody looks at a patient: the codes of HL7's value set PurposeOfUse, in the header ``Purpose-Of-Use``.

Whoever may look may look without saying why; what is said is kept with the look, so it must be a word that means
something. Knows the codes, and nothing of what is looked at.
"""

from __future__ import annotations

from typing import Final

from gateway.headers import Headers
from gateway.problems import Fault, Problem

HEADER: Final = "Purpose-Of-Use"

# The concepts below PurposeOfUse in HL7 v3 ActReason, by the heading under which they stand there.
PURPOSES: Final = frozenset(
    (
        "HMARKT HOPERAT CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP "
        "HSYSADMIN LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV HTEST TRAIN "  # work
        "HPAYMT CLMATTCH COVAUTH COVERAGE ELIGDTRM ELIGVER ENROLLM MILDCRG REMITADV "  # payment
        "HRESCH BIORCH CLINTRCH CLINTRCHNPC CLINTRCHPC PRECLINTRCH DSRCH POARCH TRANSRCH "  # research
        "PATRQT FAMRQT PWATRNY SUPNWK PUBHLTH DISASTER THREAT "  # the patient, and the public
        "TREAT CLINTRL COC ETREAT BTG ERTREAT POPHLTH"  # treatment
    ).split()
)


def purpose_of_use(headers: Headers) -> str:
    """The code of ``Purpose-Of-Use``; nothing where the header is not there, a ``Problem`` (400) for anything else."""
    given = headers.get(b"purpose-of-use")
    if given is None:
        return ""
    code = given.strip().decode("latin-1").upper()
    if code not in PURPOSES:
        message = "must be a code of HL7's value set PurposeOfUse, such as TREAT, HPAYMT, HOPERAT, ETREAT or PATRQT"
        raise Problem("validation_failed", f"{HEADER}: {message}", status=400, errors=[Fault(HEADER, message)])
    return code
