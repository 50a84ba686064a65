// The states of a TCP connection, drawn from the table that the engine itself goes by; the present one is lit.

const PLACES = { NONE: [250, 24], SYN_SENT: [250, 84], SYN_SENT2: [86, 114], SYN_RECV: [250, 144], ESTABLISHED: [250, 204],
  FIN_WAIT: [250, 264], CLOSE_WAIT: [250, 324], LAST_ACK: [250, 384], TIME_WAIT: [250, 444], CLOSE: [430, 234] };
const HALF = [62, 15];

function transitions() {
  const found = new Map();
  for (const [direction, kind, from, to, why] of D.states.cells) {
    if (to < 0 || to === from) continue;
    const key = `${from} ${to}`, one = found.get(key) || { from, to, by: [] };
    one.by.push({ direction: D.states.directions[direction], flags: D.states.flags[kind], why });
    found.set(key, one);
  }
  return [...found.values()];
}

const stateName = (number) => D.states.states[number];

// Down the middle straight, past other states on the left, to CLOSE on the right; SYN_SENT2 lies apart.
function pathOf(from, to) {
  const [x1, y1] = PLACES[from], [x2, y2] = PLACES[to], [half, height] = HALF;
  if (from === "SYN_SENT2" && to === "CLOSE") return `M ${x1} ${y1 - height} C ${x1} -70, ${x2 + 20} -70, ${x2 + 20} ${y2 - height - 5}`;
  if (from === "SYN_SENT2") return `M ${x1 + half} ${y1 + 4} L ${x2 - half - 5} ${y2}`;
  if (to === "SYN_SENT2") return `M ${x1 - half} ${y1} L ${x2 + half + 5} ${y2 - 4}`;
  if (to === "CLOSE") return `M ${x1 + half} ${y1 + 4} C ${x1 + 130} ${y1}, ${x2 - 120} ${y2}, ${x2 - half - 5} ${y2}`;
  if (from === "CLOSE") return `M ${x1} ${y1 - height} C ${x1} ${y2}, ${x1 - 30} ${y2}, ${x2 + half + 5} ${y2 - 4}`;
  if (y2 - y1 === 60) return `M ${x1} ${y1 + height} V ${y2 - height - 5}`;
  const bulge = x1 - half - 26 - Math.abs(y2 - y1) / 4;
  return `M ${x1 - half} ${y1 + 6} C ${bulge} ${y1}, ${bulge} ${y2}, ${x2 - half - 5} ${y2 - 5}`;
}

// What leads straight down, beside the arrow.
function stepLabels() {
  return transitions().filter(({ from, to }) => PLACES[stateName(from)][0] === 250 && PLACES[stateName(to)][1] - PLACES[stateName(from)][1] === 60 && PLACES[stateName(to)][0] === 250)
    .map(({ from, by }) => svg("text", { x: 258, y: PLACES[stateName(from)][1] + 33, class: "tiny" }, [...new Set(by.map((one) => one.flags))].join(", ").toUpperCase()));
}

function stateDiagram(now, came) {
  const arrows = transitions().map((one) => {
    const from = stateName(one.from), to = stateName(one.to), lit = from === came && to === now;
    return svg("path", { d: pathOf(from, to), class: lit ? "way lit" : "way", "marker-end": lit ? "url(#tip-lit)" : "url(#tip)" },
      svg("title", {}, `${from} to ${to}: ${one.by.map((by) => `${by.direction} ${by.flags}`).join(", ")}`));
  });
  const nodes = D.states.states.map((name) => svg("g", { class: name === now ? "state lit" : "state" },
    svg("rect", { x: PLACES[name][0] - HALF[0], y: PLACES[name][1] - HALF[1], width: 2 * HALF[0], height: 2 * HALF[1], rx: 8 }),
    svg("text", { x: PLACES[name][0], y: PLACES[name][1] + 4.5, "text-anchor": "middle" }, name === now ? `▸ ${name}` : name)));
  const tip = (id) => svg("marker", { id, viewBox: "0 0 8 8", refX: 4, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    svg("path", { d: "M 0 0 L 8 4 L 0 8 Z", class: id }));
  const said = now ? `TCP states; the present one is ${now}${came && came !== now ? `, reached from ${came}` : ""}` : "TCP states and what leads from one to another";
  return svg("svg", { viewBox: "0 -30 500 500", class: "states", role: "img", "aria-label": said },
    svg("defs", {}, tip("tip"), tip("tip-lit")), ...arrows.sort((a) => (a.getAttribute("class") === "way lit" ? 1 : -1)), ...nodes, ...stepLabels(),
    svg("text", { x: 352, y: 282, class: "tiny" }, "any RST"));
}

// What the table says of a packet: the cell of its direction, flags and state.
function cellOf(packet) {
  const before = packet.stateful.before, flags = packet.flags;
  if (packet.proto !== "tcp" || !before || flags < 0) return null;
  const kind = flags & 4 ? "rst" : flags & 2 ? (flags & 16 ? "synack" : "syn") : flags & 1 ? "fin" : flags & 16 ? "ack" : "none";
  const direction = D.states.directions.indexOf(packet.stateful.ct_direction);
  return D.states.cells.find((cell) => cell[0] === direction && cell[1] === D.states.flags.indexOf(kind) && stateName(cell[2]) === before);
}

function cellWords(packet) {
  const cell = cellOf(packet), { ct_state: state, after } = packet.stateful;
  if (!cell) return state === "invalid" && after ? `The packet is invalid, so that it changes nothing: the connection stays ${after}.` : null;
  const [direction, kind, from, to, why] = cell;
  const becomes = to === -1 ? "invalid" : to === -2 ? "ignored: the state stays" : stateName(to);
  return `${D.states.directions[direction]} ${D.states.flags[kind]} in ${stateName(from)}: ${becomes}. ${why[0].toUpperCase()}${why.slice(1)}.`;
}

function statesView() {
  const rows = D.states.directions.flatMap((direction, d) => D.states.flags.map((flags, kind) => el("tr", {},
    el("th", { scope: "row" }, `${direction} ${flags}`), D.states.cells.filter((cell) => cell[0] === d && cell[1] === kind).map(
      ([, , from, to, why]) => el("td", { title: why, class: to === from ? "same" : to < 0 ? "no" : undefined },
        to === -1 ? "invalid" : to === -2 ? "ignored" : stateName(to))))));
  return [el("h1", {}, "TCP as the connection table sees it"),
    note("The firewall sits between the two ends and sees flags go by; this is what it makes of them. Drawn from the very table that decides. In a step, the present state is lit. "
      + "Original is the direction from the end that opened the connection, reply the other; SYN_SENT2 is reached if both open it at once. An invalid packet changes nothing and has ct state invalid; an ignored one changes nothing either, and waits for what the other end says to it."),
    el("div", { class: "diagram" }, stateDiagram()),
    tableOf("The next state, by the direction and flags of a packet (row) and the present state (column)", ["Packet", ...D.states.states], rows, { class: "matrix small" })];
}
