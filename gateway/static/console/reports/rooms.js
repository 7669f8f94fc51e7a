// How busy a clinic's rooms were over some days. Knows the days as boards show them; not how a chart is drawn.

import { DayTime } from "/static/board/day_time.js";
import { bars } from "./charts.js";
import { csvOf } from "./csv.js";
import { figure, tiles } from "./figure.js";
import { roomUse } from "./figures.js";
import { Report, dayByDay } from "./frame.js";
import { Numbers } from "./numbers.js";

const HOURS = Array.from({ length: 25 }, (_, hour) => ({ id: String(hour), name: `${String(hour).padStart(2, "0")}:00` }));
const COLUMNS = ["from", "to", "room_id", "name", "appointments", "held_hours", "open_hours", "utilisation"];
const HOUR = 3_600_000; // ms

export default {
  async open(app, host, place) {
    const clinics = await app.all("/clinics/");
    if (!place.query.has("opens")) place.query.set("opens", "8");
    if (!place.query.has("closes")) place.query.set("closes", "18");
    const report = await Report.open(app, host, place, {
      title: app.say("report_rooms"),
      hint: app.say(clinics.length ? "report_rooms_hint" : "no_clinics"),
      choices: [
        { name: "clinic", word: "clinic", options: clinics.map(({ id, name }) => ({ id, name })) },
        { name: "opens", word: "opens", options: HOURS.slice(0, 24) },
        { name: "closes", word: "closes", options: HOURS.slice(1) },
      ],
      ask: async (asked, told, signal) => {
        const question = (date) => app.get(`/clinics/${asked.clinic}/day/`, { date, hospital: app.hospital }, { signal });
        const days = asked.clinic ? await dayByDay(asked, question, told, signal) : [];
        return roomUse(days, (day) => hoursOf(day, Number(asked.opens), Number(asked.closes)));
      },
      draw: (rooms) => draw(app, rooms),
      file: (rooms, { from, to }) => ({
        name: `rooms-${from}-${to}.csv`,
        text: csvOf(
          COLUMNS,
          rooms.map((room) => ({
            from,
            to,
            room_id: room.id,
            name: room.name,
            appointments: room.bookings,
            utilisation: room.use,
            held_hours: room.held / HOUR,
            open_hours: room.open / HOUR,
          })),
        ),
      }),
    });
    if (clinics.length) report.show();
    return () => report.close();
  },
};

// From one hour of the clinic's clocks to another, in ms; on days on which they change, too.
function hoursOf(day, opens, closes) {
  const [start, end] = [Date.parse(day.day_start), Date.parse(day.day_end)];
  const hours = new DayTime("en", day.time_zone, start, end).hours();
  const at = (hour) => hours.find((one) => one.hour >= hour)?.at ?? end;
  return [at(opens), Math.max(at(closes), at(opens))];
}

function draw(app, rooms) {
  const say = (key, values) => app.say(key, values);
  const { count, hours, share } = new Numbers(app.language.code);
  const sum = (of) => rooms.reduce((sofar, room) => sofar + of(room), 0);
  const open = sum((room) => room.open);
  const title = say("utilisation_by_room");
  const rows = rooms.map((room) => ({ name: room.name, values: [room.use], said: share(room.use) }));
  return [
    tiles(say("at_a_glance"), [
      { word: say("utilisation"), value: share(open ? sum((room) => room.held) / open : null) },
      { word: say("appointments_counted"), value: count(sum((room) => room.bookings)) },
      { word: say("rooms_counted"), value: count(rooms.length) },
    ]),
    figure({
      title,
      drawing: bars({
        title,
        description: rooms.map((room) => `${room.name}: ${share(room.use)}`).join(", "),
        rows,
        series: [title],
        tell: share,
        most: 1,
      }),
      table: {
        columns: [
          { word: say("room"), of: (room) => room.name },
          { word: say("appointments_counted"), of: (room) => count(room.bookings) },
          { word: say("held_for"), of: (room) => hours(room.held / HOUR) },
          { word: say("open_for"), of: (room) => hours(room.open / HOUR) },
          { word: say("utilisation"), of: (room) => share(room.use) },
        ],
        rows: rooms,
      },
    }),
  ];
}
