"""Rows of the people who may sign in. No engine is asked."""

from __future__ import annotations

from gateway.routes.row import ADMINS, Row

ROWS = (
    Row("GET", "/users", "ListUsers", "List who may sign in", ADMINS),
    Row("POST", "/users", "AddUser", "Let somebody sign in", ADMINS),
    Row("GET", "/users/{user_name}", "GetUser", "One who may sign in", ADMINS),
    Row("PUT", "/users/{user_name}", "ChangeUser", "Change somebody's roles, or let nobody sign in so", ADMINS),
    Row("DELETE", "/users/{user_name}", "RemoveUser", "Take somebody's roles in this hospital away", ADMINS),
    Row("POST", "/users/{user_name}/password", "ResetPassword", "Give another password", ADMINS, statuses=(200,)),
    Row("POST", "/users/{user_name}/unlock", "UnlockUser", "Forget failed attempts", ADMINS, statuses=(200,)),
)  # fmt: skip
