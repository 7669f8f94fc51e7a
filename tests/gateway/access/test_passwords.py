"""Which passwords may be chosen, and how they are kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from gateway.access.passwords import LONGEST, Passwords, WeakPassword, check_password
from tests.gateway.access.people import QUICK, SECRET


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("eleven char", "12 to 1,000"),
        ("x" * (LONGEST + 1), "12 to 1,000"),
        ("aaaaaaaaaaaa", "5 different"),
        ("ababababababab", "5 different"),
        ("ana.lopes@main", "the name"),
        ("ANA.LOPES@MAIN", "the name"),
        ("ana.lopes@main2026!", "the name"),
        ("niam@sepol.ana", "the name"),
        ("password1234", "commonest"),
        ("Password2026!", "commonest"),
        ("!!passwordpassword", "commonest"),
        ("123456789012", "commonest"),
        ("987654321098", "commonest"),
        ("qwertyuiop12", "commonest"),
        ("abcdef1abcdef1", "commonest"),
        ("hospital2026", "commonest"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(password, why):
    with pytest.raises(WeakPassword, match=why):
        check_password(password, "ana.lopes@main")


@pytest.mark.parametrize(
    "password", [SECRET, "x7!kP2vQ9zL4", "sete barcos no rio", "நதியில் ஏழு படகுகள்", "7391-8264-5510"]
)
def test_a_password_of_one_s_own_is_not(password):
    check_password(password, "ana.lopes@main")


def test_what_is_kept_is_argon2id_in_the_library_s_own_profile():
    kept = Passwords().hash(SECRET)
    profile = PasswordHasher()
    assert kept.startswith(f"$argon2id$v=19$m={profile.memory_cost},t={profile.time_cost},p={profile.parallelism}$")
    assert Passwords().matches(kept, SECRET)
    assert Passwords(QUICK).outdated(kept)


def test_the_same_password_is_the_same_however_its_letters_are_composed():
    passwords = Passwords(QUICK)
    assert passwords.matches(passwords.hash("sê um navio à vela"), "se\u0302 um navio a\u0300 vela")
    assert not passwords.matches(passwords.hash(SECRET), SECRET.title())


@pytest.mark.parametrize("kept", [None, "", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_what_cannot_be_read_matches_nothing(kept):
    assert Passwords(QUICK).matches(kept, SECRET) is False
