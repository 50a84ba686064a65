// One conversation as a ladder: its two ends left and right, the firewall between them. A packet that a mode admits
// crosses the firewall; one that it blocks ends there.

const LANES = { left: 60, wall: 255, right: 450 };

function arrow(from, to, y, decision, mode) {
  const admitted = decision.verdict === "accept", judged = decision.verdict !== "not_evaluated";
  const end = admitted ? to : LANES.wall + (from < to ? -9 : 9), head = from < to ? -7 : 7;
  return svg("g", { class: `arrow ${decision.verdict}` },
    svg("line", { x1: from, x2: end, y1: y, y2: y, class: mode }),
    admitted ? svg("path", { d: `M ${end} ${y} l ${head} -4 v 8 Z` })
      : svg("text", { x: end, y: y + 4.5, "text-anchor": "middle", class: "stop" }, judged ? SIGNS[decision.verdict] : "–"));
}

// Whether it goes from the left to the right; one captured behind a translation, by the ends that it came with. An error
// about the connection has no ports, and may come from a router between: it goes to one of the two ends.
function isForward(packet, one) {
  const ends = [[packet.from, packet.to], [packet.other_from, packet.other_to]];
  return ends.some(([from, to]) => from === one.opener || to === one.answerer) || (packet.proto !== one.proto && packet.to === addressOf(one.answerer));
}

const addressOf = (end) => (end.startsWith("[") ? end.slice(1, end.indexOf("]")) : end.replace(/^([^:]+):[0-9]+$/, "$1"));

function rung(packet, one) {
  const right = isForward(packet, one), [from, to] = right ? [LANES.left, LANES.right] : [LANES.right, LANES.left];
  const said = `${packet.from} to ${packet.to}: ${labelOf(packet)}`;
  return el("div", { class: "rung" }, svg("svg", { viewBox: "0 0 460 54", role: "img", "aria-label": said },
    svg("text", { x: LANES.wall, y: 14, "text-anchor": "middle", class: "on-rung" }, labelOf(packet)),
    arrow(from, to, 27, packet.stateless, "stateless"), arrow(from, to, 43, packet.stateful, "stateful"),
    svg("text", { x: 0, y: 31, class: "tiny" }, "stateless"), svg("text", { x: 0, y: 47, class: "tiny" }, "stateful")));
}

// The window of a TCP packet, in bytes from its sequence number: where old copies may lie, new data, what is tolerated
// beyond (bounds II and I), and where this packet's lie. One that is too far away stands at the edge, with an arrow.
function windowPicture(packet, large) {
  const bounds = packet.bounds;
  if (!bounds) return el("span", { class: "none" }, packet.proto === "tcp" ? "no window known yet" : "");
  const zone = zonesOf(bounds), span = Math.max(zone.tolerated - zone.low, 1), from = zone.low - span * 0.15, to = zone.tolerated + span * 0.15;
  const x = (offset) => 10 + (280 * (Math.min(Math.max(offset, from), to) - from)) / (to - from);
  const band = (begin, end, kind, fill) => svg("rect", { x: x(begin), width: Math.max(x(end) - x(begin), 0), y: 6, height: 18, class: kind, fill });
  const edge = (at) => svg("line", { x1: x(at), x2: x(at), y1: 2, y2: 28, class: "edge" });
  const right = bounds.seq > to, left = bounds.end < from, wide = Math.max(x(bounds.end) - x(bounds.seq), 5), at = clearOf(packet, zone, x, Math.min(x(bounds.seq), 290 - wide), wide);
  const tip = right ? "M 288 8 l 10 7 l -10 7 Z" : "M 12 8 l -10 7 l 10 7 Z", kind = placeOf(packet) ? "out" : "in", said = windowWords(packet, zone);
  return el("div", { class: "window" }, svg("svg", { viewBox: "0 0 300 30", role: "img", "aria-label": said, class: large ? "large" : undefined },
    svg("line", { x1: 2, x2: 298, y1: 24, y2: 24, class: "line" }),
    band(zone.low, zone.next, "old"), band(zone.next, zone.high, "granted"), band(zone.high, zone.tolerated, undefined, "url(#stripes)"), edge(zone.next), edge(zone.high),
    right || left ? svg("path", { d: tip, class: kind }) : svg("rect", { x: at, width: wide, y: 9, height: 12, class: kind })),
  el("small", {}, said));
}

// Where the bar is drawn: on the far side of the edge that it breaks, also if that is only a few bytes away.
function clearOf(packet, zone, x, at, wide) {
  if (!placeOf(packet)) return at;
  if (packet.stateful.reason === "tcp-rst-seq-low") return Math.min(at, x(zone.next) - wide - 2);
  if (packet.bounds.violated === 1) return Math.max(at, x(zone.tolerated) + 2);
  return packet.bounds.violated === 2 ? Math.min(at, x(zone.low) - wide - 2) : at;
}

// Where the zones begin and end; `next` is the number that the receiver expects, or this packet's if it has not told.
function zonesOf(bounds) {
  const high = bounds.highest_seq, low = bounds.lowest_end === null ? Math.min(0, high) : Math.min(bounds.lowest_end, high);
  const next = bounds.expected_seq === null ? Math.min(Math.max(0, low), high) : Math.min(Math.max(bounds.expected_seq, low), high);
  return { low, next, high, tolerated: bounds.tolerated_end === null ? high : Math.max(bounds.tolerated_end, high) };
}

const PLACES_OUT = { 1: "beyond the window", 2: "an old copy from before the window", 3: "it acknowledges what was never sent", 4: "it acknowledges the distant past" };

function placeOf(packet) {
  const bounds = packet.bounds, reason = packet.stateful.reason;
  if (reason === "tcp-rst-seq-low") return "below the number that a reset must have";
  if (reason === "tcp-rst-inexact") return "";
  if (!bounds.violated || packet.stateful.ct_state !== "invalid") return bounds.tolerated ? "" : PLACES_OUT[bounds.violated] || "";
  return PLACES_OUT[bounds.violated];
}

function windowWords(packet, zone) {
  const bounds = packet.bounds, base = sequenceOf(packet), place = placeOf(packet), expected = bounds.expected_seq === null ? "nothing acknowledged yet, " : `expected next ${plain(base + bounds.expected_seq)}, `;
  const far = bounds.violated === 1 ? ` by ${plain(bounds.seq - zone.high)}` : bounds.violated === 2 ? `, ${plain(zone.low - bounds.end)} too old` : "";
  const where = place ? `outside: ${place}${far}` : bounds.tolerated ? `beyond the window${far}, but Linux tolerates that` : "inside";
  return `seq ${plain(base)}, ${where} (${expected}window ends at ${plain(base + zone.high)})`;
}

const swatch = (...children) => svg("svg", { viewBox: "0 0 26 14", class: "swatch", "aria-hidden": "true" }, ...children);
const filledSwatch = (kind, fill) => swatch(svg("rect", { x: 0, y: 1, width: 26, height: 12, class: kind, fill }));
const keyOf = (...parts) => el("ul", { class: "key" }, parts.map(([sign, words]) => el("li", {}, sign, words)));

function windowKey() {
  return [note("Each TCP packet carries data that begin at its sequence number; the receiver is ready for some of them only, its window. The band is drawn over the sequence numbers, from left to right:"),
    keyOf([filledSwatch("old"), "old copies, let through"], [filledSwatch("granted"), "the window: what the receiver waits for"], [filledSwatch(undefined, "url(#stripes)"), "beyond it, but tolerated by Linux"],
      [swatch(svg("rect", { x: 10, y: 1, width: 6, height: 12, class: "in" })), "this packet, inside"], [swatch(svg("rect", { x: 10, y: 1, width: 6, height: 12, class: "out" })), "this packet, outside"],
      [swatch(svg("path", { d: "M 8 1 l 10 6 l -10 6 Z", class: "out" })), "this packet, too far outside to be drawn to scale"])];
}

function arrowKey() {
  const short = (verdict, stops) => swatch(svg("g", { class: `arrow ${verdict}` }, svg("line", { x1: 0, x2: stops ? 17 : 22, y1: 7, y2: 7 }),
    stops ? svg("text", { x: 21, y: 12, "text-anchor": "middle", class: "stop" }, stops) : svg("path", { d: "M 26 7 l -7 -4 v 8 Z" })));
  return keyOf([short("accept"), "admitted: it reaches the other end"], [short("drop", "✕"), "blocked: it ends at the firewall"], [short("not_evaluated", "–"), "not evaluated: no rule was asked"]);
}

// A translated packet as it is on the other side of the firewall.
function otherSide(packet) {
  return packet.other_from && el("small", {}, `translated: ${packet.came ? "came in" : "leaves"} as ${packet.other_from} → ${packet.other_to}`);
}

function ladderRow(packet, one) {
  const decision = (mode) => el("span", { class: "decided" }, `${mode} `, verdictOf(packet[mode]), el("small", {}, byWhom(packet[mode])));
  const { before, after, ct_state: state } = packet.stateful, changed = before && after && before !== after;
  return el("li", { class: packet.differs ? "differs" : undefined },
    el("div", { class: "when" }, packetLink(packet, `Packet ${packet.id}`), el("small", {}, clockOf(packet.t)), packet.evidence_words.map(wordTag)),
    rung(packet, one),
    el("div", { class: "said" }, decision("stateless"), decision("stateful"), otherSide(packet)),
    el("div", { class: "after" }, el("small", {}, `ct state ${state}`), el("b", {}, changed ? `${before} → ${after}` : after), windowPicture(packet)));
}

const MOST_LINKS = 12;

function linksTo(some) {
  const links = some.slice(0, MOST_LINKS).flatMap((packet, at) => [at > 0 && ", ", packetLink(packet)]);
  return some.length > MOST_LINKS ? [...links, ` and ${plain(some.length - MOST_LINKS)} more`] : links;
}

function inTable(one) {
  const numbers = [...new Set(one.packets.filter((packet) => packet.remembered).map((packet) => packet.connection).filter(Boolean))];
  return numbers.length ? `In the connection table of the stateful mode as number ${numbers.slice(0, MOST_LINKS).join(", ")}.` : "The stateful mode remembered no connection for it.";
}

function connectionView(number) {
  const one = conversations[number - 1];
  if (!one) return [el("h1", {}, "There is no such connection"), el("p", {}, linkTo("connections", "All connections"))];
  const rows = el("ol", { class: "ladder" });
  const more = inPortions(one.packets, 150, (packet) => ladderRow(packet, one), rows, "packet");
  const neighbour = (at, label) => conversations[at - 1] && linkTo(`connection-${at}`, label);
  return [el("h1", {}, one.opener ? `${one.proto.toUpperCase()} ${one.opener} ⇄ ${one.answerer}` : "Packets that are not IP"),
    el("p", { class: "tools" }, linkTo("connections", "All connections"), neighbour(one.number - 1, "◀ previous"), neighbour(one.number + 1, "next ▶")),
    el("p", {}, `Connection ${one.number}: ${counted(one.packets.length, "packet")}, ${counted(one.octets, "byte")}, ${lasting(one.lasts)}. `
      + `Stateless admits ${plain(one.stateless)}, stateful ${plain(one.stateful)}. ${inTable(one)}`),
    one.differ > 0 && el("p", {}, "The modes differ on ", linksTo(one.packets.filter((packet) => packet.differs)), "."),
    note("Time runs downwards. Each packet is drawn twice: what the stateless mode does with it, and below what the stateful mode does. Numbers (seq, ack) count from the first that each end has sent."),
    arrowKey(), one.proto === "tcp" && windowKey(),
    el("div", { class: "ends", "aria-hidden": "true" }, el("b", {}, one.opener), el("b", {}, "firewall"), el("b", {}, one.answerer), el("b", {}, "verdict, and the rule behind it"),
      el("b", {}, one.proto === "tcp" ? "TCP state after it, and its window" : "state")), rows, more];
}
