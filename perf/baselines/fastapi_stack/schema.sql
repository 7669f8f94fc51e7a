CREATE TABLE slots (
    id uuid PRIMARY KEY,
    day date NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    capacity integer NOT NULL,
    booked integer NOT NULL DEFAULT 0,
    waiting integer NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'DELAYED', 'CANCELLED')),
    CHECK (booked BETWEEN 0 AND capacity)
) WITH (fillfactor = 50); -- updated with every booking: room for the new version on the same page

CREATE TABLE patients (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    phone text NOT NULL
);

CREATE TABLE tokens (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slot_id uuid NOT NULL REFERENCES slots,
    patient_id uuid NOT NULL REFERENCES patients,
    day date NOT NULL,
    category text NOT NULL CHECK (category IN ('EMERGENCY', 'PRIORITY_PAID', 'FOLLOWUP', 'ONLINE', 'WALKIN')),
    priority smallint NOT NULL,
    status text NOT NULL CHECK (status IN ('CONFIRMED', 'WAITING', 'CANCELLED', 'NO_SHOW', 'COMPLETED')),
    number integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- A number is given once in a slot, and a patient has one live token a day.
CREATE UNIQUE INDEX one_number ON tokens (slot_id, number);
CREATE UNIQUE INDEX one_a_day ON tokens (patient_id, day) WHERE status IN ('CONFIRMED', 'WAITING');
CREATE INDEX in_line ON tokens (slot_id, status, priority, created_at);
