// What the page knows: packets, their decisions, and the conversations that they belong to.

const D = JSON.parse(document.getElementById("data").textContent);
const MODES = ["stateless", "stateful"];
const WORDS = D.words;
const text = (number) => D.texts[number] || "";
const plain = (number) => Number(number).toLocaleString("en");
const counted = (number, noun) => `${plain(number)} ${noun}${number === 1 ? "" : "s"}`;
const evidenceOf = (mask) => WORDS.filter((_, bit) => (mask >> bit) & 1);

// Decisions, walks and bounds come as rows of numbers; here they get their names.
const NUMBERS = new Set(["line", "mirror", "rule", "chain"]);
const decisions = D.packets.decisions.map((row) => {
  const found = {};
  D.decision_fields.forEach((name, at) => { found[name] = NUMBERS.has(name) ? row[at] : text(row[at]); });
  return found;
});
// What a rule was compared with is told as {dst} and the like, so that packets with other addresses can share their walks.
const OWN = new RegExp(` is \\{(${["src", "dst", "sport", "dport"].join("|")})\\}(?=, wants )`);
const walkOf = (number, packet) => (D.walks[number] || []).map((at) => {
  const [step, rule, line, depth, name, about, outcome] = D.lines[at];
  return { step: text(step), rule, line, depth, name: text(name), about: text(about).replace(OWN, (_, own) => ` is ${packet[own]}`), outcome: text(outcome) };
});
const boundsOf = (row) => row && Object.fromEntries(D.bounds_fields.map((name, at) => [name, row[at]]));

const TEXTS = ["src", "dst", "proto", "iif", "oif", "other_from", "other_to"];
const OTHERS = ["n", "file", "t", "length", "sport", "dport", "flags", "seq", "ack", "win", "payload", "icmp_type",
  "icmp_code", "icmp_id", "ttl", "connection", "evidence", "fragment", "changes", "live", "remembered", "came"];
const value = (name, at) => (D.packets.columns[name] ? D.packets.columns[name][at] : 0);

function packetAt(at) {
  const found = { at, evidence_words: evidenceOf(value("evidence", at)), bounds: boundsOf(value("bounds", at)) };
  for (const name of TEXTS) found[name] = text(value(name, at));
  for (const name of OTHERS) found[name] = value(name, at);
  for (const mode of MODES) {
    found[mode] = decisions[value(mode, at)];
    found[`nat_${mode}`] = text(value(`nat_${mode}`, at));
  }
  found.comments = (D.packets.comments[at] || []).map(text);
  found.differs = found.stateless.verdict !== found.stateful.verdict;
  found.id = D.files.length > 1 ? `${found.file + 1}:${found.n}` : String(found.n);
  found.from = endOf(found, "src", "sport");
  found.to = endOf(found, "dst", "dport");
  return found;
}

function endOf(packet, address, port) {
  if (!packet[address]) return "";
  if (packet[port] < 0) return packet[address];
  return packet[address].includes(":") ? `[${packet[address]}]:${packet[port]}` : `${packet[address]}:${packet[port]}`;
}

const packets = Array.from({ length: D.packets.count }, (_, at) => packetAt(at));
const byId = new Map(packets.map((packet) => [packet.id, packet]));
const differing = packets.filter((packet) => packet.differs);

// A conversation is what goes to and fro between the same two ends, whether a connection was remembered for it or not;
// also what was captured of it on the other side of a firewall that translates.
function conversationsOf(all) {
  const byEnds = new Map(), byAcross = new Map(), byNumber = new Map(), found = [];
  for (const packet of all) {
    const query = packet.proto.startsWith("icmp") ? packet.icmp_id : "";
    const between = (from, to) => [packet.proto, query, ...[from, to].sort()].join(" "), ends = between(packet.from, packet.to);
    let one = (packet.connection && byNumber.get(packet.connection)) || (packet.stateful.reason === "egress-copy" && byAcross.get(ends)) || byEnds.get(ends);
    if (!one) {
      const [opener, answerer] = packet.stateful.ct_direction === "reply" ? [packet.to, packet.from] : [packet.from, packet.to];
      one = { number: found.length + 1, opener, answerer, proto: packet.proto, packets: [] };
      found.push(one);
      byEnds.set(ends, one);
    }
    if (packet.connection) byNumber.set(packet.connection, one);
    one.packets.push(packet);
    const across = packet.other_from && between(packet.other_from, packet.other_to);
    if (across && !across.includes("?")) byAcross.set(across, one);
    packet.conversation = one;
  }
  found.forEach(summed);
  return found;
}

function summed(one) {
  const all = one.packets, last = all[all.length - 1];
  one.first = all[0];
  one.octets = all.reduce((sum, packet) => sum + packet.length, 0);
  one.lasts = last.t - all[0].t;
  one.differ = all.filter((packet) => packet.differs).length;
  one.evidence = WORDS.filter((word) => all.some((packet) => packet.evidence_words.includes(word)));
  for (const mode of MODES) one[mode] = all.filter((packet) => packet[mode].verdict === "accept").length;
  const states = all.map((packet) => packet.stateful.after).filter((state) => state && state !== "NONE");
  one.state = states[states.length - 1] || "";
  one.bases = basesOf(all);
}

// Sequence numbers are told relative to the first that each side was believed to have sent.
function basesOf(all) {
  const bases = {};
  for (const believed of [true, false]) {
    for (const packet of all) {
      if (packet.proto !== "tcp" || packet.seq < 0 || packet.from in bases) continue;
      if (!believed || packet.stateful.ct_state !== "invalid") bases[packet.from] = packet.seq;
    }
  }
  return bases;
}

const relative = (number, base) => (base === undefined ? number : (number - base) | 0);
const sequenceOf = (packet) => relative(packet.seq, packet.conversation.bases[packet.from]);
const acknowledgedBy = (packet) => relative(packet.ack, packet.conversation.bases[packet.to]);

const conversations = conversationsOf(packets);

// How things read.
const FLAGS = [[2, "SYN"], [16, "ACK"], [1, "FIN"], [4, "RST"], [8, "PSH"], [32, "URG"], [64, "ECE"], [128, "CWR"]];
const flagsOf = (packet) => FLAGS.filter(([bit]) => packet.flags & bit).map(([, name]) => name).join(" ") || "no flags";

const ICMP = {
  icmp: { 0: "echo reply", 3: "unreachable", 4: "source quench", 5: "redirect", 8: "echo request", 9: "router advertisement",
    10: "router solicitation", 11: "time exceeded", 12: "parameter problem", 13: "timestamp request", 14: "timestamp reply" },
  icmpv6: { 1: "unreachable", 2: "packet too big", 3: "time exceeded", 4: "parameter problem", 128: "echo request", 129: "echo reply",
    130: "multicast query", 131: "multicast report", 132: "multicast done", 133: "router solicitation", 134: "router advertisement",
    135: "neighbour solicitation", 136: "neighbour advertisement", 137: "redirect", 143: "multicast report" },
};

function labelOf(packet) {
  if (packet.fragment === 2) return "later fragment";
  if (packet.proto === "tcp" && packet.flags >= 0) {
    const data = packet.payload > 0 ? `, ${plain(packet.payload)} bytes` : "";
    const ack = packet.flags & 16 ? ` ack ${plain(acknowledgedBy(packet))}` : "";
    return `${flagsOf(packet)} seq ${plain(sequenceOf(packet))}${ack} win ${plain(packet.win)}${data}`;
  }
  if (ICMP[packet.proto] && packet.icmp_type >= 0) {
    return ICMP[packet.proto][packet.icmp_type] || `type ${packet.icmp_type}`;
  }
  return packet.payload >= 0 ? `${plain(packet.payload)} bytes` : counted(packet.length, "byte");
}

function clockOf(microseconds) {
  const all = D.overview.begin_us + microseconds, part = Math.floor(all / 1e6) % 86400;
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const rest = String(((all % 1e6) + 1e6) % 1e6).padStart(6, "0");
  return `${two(part / 3600)}:${two((part / 60) % 60)}:${two(part % 60)}.${rest}`;
}

function lasting(microseconds) {
  const seconds = microseconds / 1e6;
  if (seconds < 1) return `${plain(Math.round(microseconds / 1000))} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} d`;
}

const DOES = { accept: "admits", drop: "drops", reject: "rejects", not_evaluated: "does not judge", unknown: "unknown" };
const SIGNS = { accept: "✓", drop: "✕", reject: "✕", not_evaluated: "–", unknown: "?" };
const byWhom = (decision) => (decision.title
  ? `${decision.mirror ? "mirror of " : ""}${decision.title}${decision.line ? `, line ${decision.line}` : ""}` : decision.why);
