// One ward: its rooms, their beds and who waits. From views and from messages. Draws nothing. The view of the public
// board knows nobody; that of the staff has the same with names, which nothing here looks at.

const RANK = { critical: 0, high: 1, medium: 2, low: 3 };
const STATES = ["unoccupied", "reserved", "occupied", "housekeeping", "contaminated", "isolated", "closed"];

export class Ward {
  constructor(view) {
    this.name = view.name;
    this.rooms = view.rooms.map(({ room, beds }) => ({ room, beds: beds.map(read) }));
    this.waiting = view.waiting.map(wanting).sort(byTurn); // the first of them
    this.waitingCount = view.waiting_count ?? this.waiting.length;
  }

  get beds() {
    return this.rooms.flatMap((room) => room.beds);
  }

  // How many are in each state, of those in which any is, in the order in which they matter.
  get counts() {
    const beds = this.beds;
    const counted = STATES.map((state) => ({ state, count: beds.filter((bed) => bed.state === state).length }));
    return counted.filter(({ state, count }) => count > 0 || state === "unoccupied");
  }

  // One change of one bed: the message says how it stands now, or, without a state, that it is gone.
  apply(message) {
    if (message.type === "ward_update") this.name = message.name ?? this.name;
    if (message.type !== "bed_update") return;
    const before = this.beds.find((bed) => bed.id === message.bed_id);
    const room = this.rooms.find((other) => other.beds.includes(before));
    if (!message.state) {
      if (room) room.beds = room.beds.filter((bed) => bed !== before);
    } else {
      const { bed_id: id, bed_type: type, label, state, since, isolation, equipment } = message;
      const now = read({ id, type, label, state, since, isolation, equipment });
      if (room?.room === message.room) room.beds = room.beds.map((bed) => (bed === before ? now : bed));
      else this.#place(now, message.room, room, before);
    }
    this.rooms = this.rooms.filter((other) => other.beds.length > 0);
  }

  #place(bed, room, old, before) {
    if (old) old.beds = old.beds.filter((other) => other !== before);
    const there = this.rooms.find((other) => other.room === room);
    if (there) there.beds = [...there.beds, bed];
    else this.rooms.push({ room, beds: [bed] });
  }

  // Whether housekeeping takes longer than it should.
  overdue(bed, now) {
    return bed.ready !== null && now > bed.ready;
  }
}

// A message does not say when a bed should be clean: the next view does.
function read(bed) {
  return { ...bed, since: Date.parse(bed.since), ready: bed.ready_at ? Date.parse(bed.ready_at) : null };
}

function wanting(waiter, place) {
  return { ...waiter, since: Date.parse(waiter.since), key: waiter.admission_id ?? `${waiter.since} ${place}` };
}

function byTurn(one, other) {
  return RANK[one.acuity] - RANK[other.acuity] || one.since - other.since;
}
