"""Rows of one's own session: who asks, signing in and out. No engine is asked."""

from __future__ import annotations

from gateway.routes.row import ROLES, Row

ANYBODY = frozenset(ROLES)

ROWS = (
    Row("GET", "/session", "GetSession", "Who asks, and what he or she may do", ANYBODY, public=True),
    Row("POST", "/session", "SignIn", "Sign in with a name and a password", ANYBODY, public=True),
    Row("PUT", "/session", "SwitchHospital", "Go on in another of one's own hospitals", ANYBODY),
    Row("DELETE", "/session", "SignOut", "Sign out", ANYBODY),
    Row("POST", "/session/password", "ChangePassword", "Change one's own password", ANYBODY, statuses=(200,)),
    Row("GET", "/session/ways", "GetSignInWays", "How people can sign in here", ANYBODY, public=True),
)
