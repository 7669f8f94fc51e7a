"""Rows of referrals: what can be ordered where, who refers, who does the tests, and every step of a referral.

Who may read a referral or do its tests is decided by whose the credential is; the roles here are the outer door.
"""

from __future__ import annotations

from gateway.routes.row import ADMINS, EVERYBODY, READERS, STAFF, Row

OK = (200,)
ONE = "/referrals/{referral_id}"
OF_IT = "/referrals/{referral_id}/tests/{referral_test_id}"

ROWS = (
    Row("GET", "/facilities", "ListFacilities", "List facilities with their branches", READERS),
    Row("POST", "/facilities", "AddFacility", "Add a facility", ADMINS, "/facilities/{id}/"),
    Row("GET", "/facilities/{facility_id}", "GetFacility", "One facility with its branches", READERS),
    Row("PUT", "/facilities/{facility_id}", "ChangeFacility", "Give a facility another name", ADMINS),
    Row("POST", "/facilities/{facility_id}/branches", "AddBranch", "Add a branch to a facility", ADMINS,
        "/branches/{id}/"),
    Row("GET", "/branches", "ListBranches", "List branches", READERS),
    Row("GET", "/branches/{branch_id}", "GetBranch", "One branch", READERS),
    Row("PUT", "/branches/{branch_id}", "ChangeBranch", "Replace what a branch is, or whether it takes referrals",
        ADMINS),
    Row("GET", "/branches/{branch_id}/turnaround", "GetTurnaround", "How long a branch's tests took, by local days",
        READERS),
    Row("GET", "/test-types", "ListTestTypes", "List the types of tests", READERS),
    Row("POST", "/test-types", "AddTestType", "Add a type of tests", ADMINS, "/test-types/{id}/"),
    Row("GET", "/test-types/{test_type_id}", "GetTestType", "One type of tests", READERS),
    Row("PUT", "/test-types/{test_type_id}", "ChangeTestType", "Give a type of tests another name", ADMINS),
    Row("GET", "/tests", "ListTests", "The catalog: tests, where they are done, and their prices", EVERYBODY),
    Row("POST", "/facilities/{facility_id}/tests", "AddTest", "Add a test to a facility's catalog", ADMINS,
        "/tests/{id}/"),
    Row("GET", "/tests/{test_id}", "GetTest", "One test of the catalog", EVERYBODY),
    Row("PUT", "/tests/{test_id}", "ChangeTest", "Replace what a test is; orders keep their price", ADMINS),
    Row("GET", "/practitioners", "ListPractitioners", "List those who refer", READERS),
    Row("POST", "/practitioners", "AddPractitioner", "Add somebody who refers patients", ADMINS,
        "/practitioners/{id}/"),
    Row("GET", "/practitioners/{practitioner_id}", "GetPractitioner", "One practitioner", READERS),
    Row("PUT", "/practitioners/{practitioner_id}", "ChangePractitioner", "Replace what is known of a practitioner",
        ADMINS),
    Row("DELETE", "/practitioners/{practitioner_id}", "RemovePractitioner", "Retire a practitioner", ADMINS),
    Row("GET", "/technicians", "ListTechnicians", "List those who do the tests", READERS),
    Row("POST", "/technicians", "AddTechnician", "Add somebody who does tests at branches", ADMINS,
        "/technicians/{id}/"),
    Row("GET", "/technicians/{technician_id}", "GetTechnician", "One technician", READERS),
    Row("PUT", "/technicians/{technician_id}", "ChangeTechnician", "Replace what is known of a technician", ADMINS),
    Row("DELETE", "/technicians/{technician_id}", "RemoveTechnician", "Retire a technician", ADMINS),
    Row("GET", "/referrals", "ListReferrals", "All referrals, for those who may see them", READERS),
    Row("POST", "/referrals", "CreateReferral", "Refer a patient for tests at a branch", STAFF, "/referrals/{id}/"),
    Row("GET", "/referrals/practitioner", "ListPractitionerReferrals", "What a practitioner has asked for, summed up",
        READERS),
    Row("GET", "/referrals/technician", "ListTechnicianReferrals", "What came to a technician's branches, summed up",
        READERS),
    Row("GET", ONE, "GetReferral", "One referral with its results and history", READERS),
    Row("PUT", ONE, "ChangeReferral", "Change what the referrer says of a referral", STAFF),
    Row("POST", f"{ONE}/decline", "DeclineReferral", "The branch does not do it", STAFF, statuses=OK),
    Row("POST", f"{ONE}/redirect", "RedirectReferral", "Send what is open of a referral to another branch", STAFF,
        statuses=OK),
    Row("POST", f"{ONE}/cancel", "CancelReferral", "What is open of a referral is not wanted any more", STAFF,
        statuses=OK),
    Row("POST", f"{ONE}/acknowledge", "AcknowledgeResult", "The referrer knows the results", STAFF, statuses=OK),
    Row("POST", f"{OF_IT}/status", "UpdateTestStatus", "A test is received, completed, rejected, recollected, amended",
        STAFF, statuses=OK),
    Row("POST", f"{OF_IT}/join", "JoinLab", "The patient gets in line for a test", STAFF, "/tickets/{id}/",
        statuses=(200, 201)),
)  # fmt: skip
