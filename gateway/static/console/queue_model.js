// A service's queue as it stands, kept true by the stream: a snapshot, then what changed. It asks again only for what
// the messages do not say, which is how long each will wait. Knows places and states; not how they are shown.

const AGAIN = 20_000; // ms between two questions for estimates
const PAGE = 1_000; // rows of one question: as many as the server gives
const OVER = new Set(["completed", "no_show", "cancelled", "expired", "left"]);

export class QueueModel {
  name = "";
  status = "active";
  settings = null;
  serving = [];
  parked = [];
  line = [];
  #app;
  #id;
  #changed;
  #stop = () => {};
  #since = null; // messages that came while the queue was being asked for
  #timer = 0;
  #ended = false;
  #frame = 0;

  // `changed(what)`: something is otherwise; `what` says whether a call was among it.
  constructor(app, id, changed) {
    this.#app = app;
    this.#id = id;
    this.#changed = changed;
  }

  async open() {
    await Promise.all([this.#whole(), this.#service()]);
    if (this.#ended) return;
    let first = true;
    this.#stop = this.#app.follow([`service:${this.#id}`], {
      // What came between the question and the stream is in the snapshot.
      snapshot: (_, view) => {
        if (view.next_cursor || !first) this.#again();
        else this.#all(view, view.items);
        first = false;
      },
      messages: (list) => this.#messages(list),
    });
    this.#timer = setInterval(() => this.#app.busy && this.#again(), AGAIN);
  }

  close() {
    this.#ended = true;
    this.#stop();
    clearInterval(this.#timer);
  }

  // What an action was answered with is shown at once; the stream tells the same again.
  take(ticket) {
    this.#remove(ticket.id);
    if (ticket.service_id === this.#id) this.#put(ticket);
    this.#changed();
  }

  get all() {
    return [...this.serving, ...this.parked, ...this.line];
  }

  find(id) {
    return this.all.find((one) => one.id === id) ?? null;
  }

  async #service() {
    const service = await this.#app.get(`/services/${this.#id}/`);
    this.name = service.name;
    this.status = service.status;
    this.settings = service.settings;
    this.#tell();
  }

  // Without an answer what is known stays: the banner says that there is no connection.
  #again() {
    this.#whole().catch(() => {});
  }

  async #whole() {
    if (this.#since) return;
    this.#since = [];
    try {
      const path = `/services/${this.#id}/queue/`;
      const view = await this.#app.get(path, { limit: PAGE });
      const rows = [...view.items];
      for (let cursor = view.next_cursor; cursor; ) {
        const more = await this.#app.get(path, { limit: PAGE, cursor });
        rows.push(...more.items);
        cursor = more.next_cursor;
      }
      const missed = this.#since;
      this.#since = null;
      this.#all(view, rows);
      if (missed.length) this.#messages(missed);
    } finally {
      this.#since = null;
    }
  }

  #all(view, rows) {
    this.name = view.service_name;
    this.status = view.status;
    this.serving = view.serving;
    this.parked = view.parked;
    this.line = rows;
    this.#tell();
  }

  #messages(list) {
    this.#since?.push(...list);
    for (const one of list) {
      if (one.ticket_id) this.#ticket(one);
      else if (one.change === "status") this.status = one.status;
      else if (one.change === "settings") this.#service().catch(() => {});
      else if (one.change === "day_ended") this.#again();
    }
    this.#tell();
  }

  // One ticket is elsewhere, or otherwise. Telling the same twice changes nothing.
  #ticket(one) {
    const { ticket_id: id, change } = one;
    if (one.type === "admin_alert" || change === "near") return;
    const known = this.find(id) ?? { id, code: one.code, service_id: this.#id, priority: "low", arrived_at: one.at, patient_id: null, token_id: null, calls: 0 };
    if (change === "patient") return this.#replace(id, { ...known, patient_id: one.patient_id });
    if (change === "recalled") return this.#replace(id, { ...known, calls: one.calls, called_at: one.at });
    this.#remove(id);
    if (OVER.has(change)) return;
    this.#put({ ...known, ...stands(one), position: one.position ?? null, updated_at: one.at });
  }

  #put(ticket) {
    if (ticket.status === "waiting") this.line.splice(Math.min((ticket.position ?? 1) - 1, this.line.length), 0, ticket);
    else if (ticket.status === "parked") this.parked.push(ticket);
    else if (ticket.status === "called" || ticket.status === "consulting") this.serving.push(ticket);
  }

  #remove(id) {
    for (const rows of [this.serving, this.parked, this.line]) {
      const place = rows.findIndex((one) => one.id === id);
      if (place >= 0) rows.splice(place, 1);
    }
  }

  #replace(id, fresh) {
    for (const rows of [this.serving, this.parked, this.line]) {
      const place = rows.findIndex((one) => one.id === id);
      if (place >= 0) rows[place] = fresh;
    }
  }

  // Shown once a frame, however much is said within it.
  #tell() {
    if (this.#ended) return;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#ended) this.#changed();
    });
  }
}

// What a message says of how a ticket stands.
function stands(one) {
  switch (one.type) {
    case "queue_position_update":
      return {
        status: "waiting", counter: null, called_at: null, estimated_wait_minutes: null,
        ...(one.change === "joined" || one.change === "transferred" ? { joined_at: one.at, token_id: one.token_id, patient_id: one.patient_id } : {}),
        ...(one.priority ? { priority: one.priority } : {}),
      };
    case "patient_called":
      return { status: one.status, counter: one.counter, calls: one.calls, called_at: one.at, started_at: one.status === "consulting" ? one.at : null };
    default:
      return { status: one.status, counter: one.counter ?? null, ...(one.change === "started" ? { started_at: one.at } : {}) };
  }
}
