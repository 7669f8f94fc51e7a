CREATE EXTENSION btree_gist;

CREATE TABLE clinics (
    id uuid PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE doctors (
    id uuid PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE patients (
    id uuid PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE rooms (
    id uuid PRIMARY KEY,
    clinic_id uuid NOT NULL REFERENCES clinics,
    name text NOT NULL,
    type text NOT NULL,
    equipment text[] NOT NULL,
    capacity integer NOT NULL CHECK (capacity > 0),
    cleaning interval NOT NULL,
    is_available boolean NOT NULL DEFAULT true
);
CREATE INDEX of_clinic ON rooms (clinic_id, type) WHERE is_available;

CREATE TABLE appointments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    room_id uuid NOT NULL REFERENCES rooms,
    doctor_id uuid NOT NULL REFERENCES doctors,
    patient_id uuid NOT NULL REFERENCES patients,
    during tstzrange NOT NULL, -- of doctor and patient
    held tstzrange NOT NULL, -- of the room: its cleaning is in it
    status text NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'completed', 'cancelled', 'no_show')),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Nobody and no room is in two places at one time, whatever the code before it thinks.
    CONSTRAINT one_room EXCLUDE USING gist (room_id WITH =, held WITH &&) WHERE (status = 'booked'),
    CONSTRAINT one_doctor EXCLUDE USING gist (doctor_id WITH =, during WITH &&) WHERE (status = 'booked'),
    CONSTRAINT one_patient EXCLUDE USING gist (patient_id WITH =, during WITH &&) WHERE (status = 'booked')
);
