// The first view: what was replayed, the answer, what is wrong with the packets, and where to look next.

function replayed() {
  const about = D.overview, names = about.captures.map((one) => one.path).join(", ");
  const damaged = about.captures.filter((one) => !one.complete).map((one) => one.path);
  return el("p", {},
    `${counted(about.packets, "packet")} of `, el("b", {}, names), about.begin && ` (${about.span} from ${about.begin})`,
    " went through the rules of ", el("b", {}, about.ruleset.path), ` (${counted(about.ruleset.rules, "rule")}`,
    about.ruleset.policies.length > 0 && `; ${about.ruleset.policies.join(", ")}`, ") twice: once ",
    el("b", {}, "stateless"), ", each packet judged by itself, and once ", el("b", {}, "stateful"),
    ", as Linux does, with a table of connections.",
    about.ruleset.stateless && ` The stateless mode had rules of its own: ${about.ruleset.stateless}.`,
    damaged.length > 0 && ` Damaged at the end, read as far as it goes: ${damaged.join(", ")}.`,
    about.interrupted && ` Not all of it: ${about.interrupted}.`);
}

function shownPackets() {
  const { first, chosen } = D.window, all = D.overview.packets, silent = D.packets.comments_left_out;
  if (silent) return [note(`Comments of ${counted(silent, "packet")} are left out.`), shownRange(first, chosen, all)];
  return shownRange(first, chosen, all);
}

function shownRange(first, chosen, all) {
  if (!packets.length && all) return note(`The figures here are of all ${counted(all, "packet")}. None of them is shown one by one: packets ${plain(first + 1)} and following were asked for with --packets.`);
  if (packets.length >= all) return note(`All ${counted(all, "packet")} can be looked at one by one.`);
  return note(`The figures here are of all ${counted(all, "packet")}. One by one, ${counted(packets.length, "packet")} can be looked at: `
    + `packets ${plain(first + 1)} to ${plain(first + packets.length)}, ${chosen}. Others: fwsim report --packets N-M.`);
}

function totals() {
  const all = D.overview.evidence[D.overview.evidence.length - 1];
  return el("div", { class: "pair" }, MODES.map((mode, at) => el("div", { class: "card" },
    el("h2", {}, mode), el("p", { class: "big" }, plain(all.admitted[at]), el("small", {}, ` of ${plain(all.packets)} admitted`)),
    bar(all.admitted[at], all.packets, "admitted"),
    el("p", {}, at ? `Judges a packet by the connection that it belongs to. Price of remembering: ${D.overview.price}.`
      : "Judges each packet by itself and remembers nothing. What may be a reply is admitted if its mirror image, both ends swapped, would be."))));
}

function telling() {
  if (!D.telling.length) return null;
  return section("The packets that matter most", el("ol", { class: "telling" }, D.telling.map((one) => {
    const packet = packets[one.at - D.window.first];
    return el("li", {},
      packet ? packetLink(packet, `Packet ${packet.id}`) : el("b", {}, `Packet ${one.n} of ${D.files[one.file]}`), " ", wordTag(one.word),
      el("p", {}, `${one.why[0].toUpperCase()}${one.why.slice(1)}.`), el("p", { class: "mono" }, packet ? `${packet.from} → ${packet.to}: ${packet.proto} ${labelOf(packet)}` : one.line),
      !packet && el("p", { class: "note" }, `Not among the packets shown one by one: ${D.overview.explain} -n ${D.files.length > 1 ? `${D.files[one.file]}:` : ""}${one.n}`));
  })));
}

const SUSPICIOUS = new Set(["spoofed", "out of state", "malformed"]);
const MEANINGS = { "ordinary traffic": "nothing wrong with these", capture: "owed to how the capture was made; nothing to suspect", "further fragments": "later parts of packets counted above",
  "not evaluated": "no rule is asked: not IP, not deliverable, or the same packet seen again on its way out", all: "the sum" };

function matrixRow(row) {
  const cells = row.admitted.map((admitted, at) => el("td", { class: "number", "data-head": `${MODES[at]} admits` }, admitted < 0 ? "–" : plain(admitted),
    admitted >= 0 && bar(admitted, row.packets, SUSPICIOUS.has(row.group) ? "let-in" : "admitted")));
  const name = row.word ? linkTo(`find=${row.word}`, row.word) : row.group;
  return el("tr", { class: row.word ? "of-group" : "group" },
    el("th", { scope: "row" }, name, el("small", {}, row.means || MEANINGS[row.group])), el("td", { class: "number", "data-head": "Packets" }, plain(row.packets)), cells,
    el("td", { "data-head": "Remark" }, row.useless && el("b", {}, "! "), row.note));
}

function evidence() {
  return section("What is wrong with the packets, and who admits them",
    note("Evidence is what a packet itself gives away, whatever the rules say. A good firewall admits all of the ordinary traffic (green bars) and little of what is suspicious (red bars). "
      + "A ! marks what both modes let in, and names the rule to look at. "
      + "A packet with several words of evidence is counted under one of them."),
    tableOf("Packets by evidence, and how many of them each mode admits", ["Evidence", "Packets", "Stateless admits", "Stateful admits", "Remark"],
      D.overview.evidence.map(matrixRow), { class: "matrix cards" }));
}

function whyNot() {
  return D.overview.why.map(([mode, count, reasons]) => el("p", {},
    el("b", {}, `Why ${mode} blocks the ${plain(count)} that the other admits: `),
    reasons.map(([phrase, part]) => `${phrase} (${plain(part)})`).join("; "), "."));
}

function mostHit() {
  const rows = D.rules.rows.map((row) => ({ ...row, sums: row.hits.map((hits) => hits.reduce((a, b) => a + b, 0)) }))
    .filter((row) => row.sums[0] + row.sums[1]).sort((a, b) => Math.max(...b.sums) - Math.max(...a.sums)).slice(0, 12);
  const most = Math.max(1, ...rows.flatMap((row) => row.sums));
  return tableOf("The rules that decide most", ["Rule", "Stateless", "Stateful"], rows.map((row) => el("tr", {},
    el("th", { scope: "row" }, ruleName(row)), row.sums.map((sum, at) => el("td", { class: "number" }, plain(sum), bar(sum, most, `mode${at}`))))), { class: "hits" });
}

const ruleName = (row) => (row.name === "policy" ? `policy of ${row.chain}` : row.of_ruleset || row.name.endsWith(")") ? row.name : `(${row.name})`);

const GLOSSARY = [
  ["stateless", "Each packet is judged by itself. What could be a reply is admitted if the packet that it would answer, its mirror image, would be."],
  ["stateful", "The firewall remembers connections, as Linux does (conntrack), and judges a packet by the one that it belongs to."],
  ["ct state", "What a packet is to the table of connections: new, established, related (an error about one), invalid (it fits none), untracked."],
  ["mirror", "The same packet with both ends swapped: what a stateless rule set looks at to guess whether something is a reply."],
  ["window", "Which sequence numbers the receiver of a TCP connection is ready to take; who guesses them wrong is found out."],
  ["evidence", "What a packet gives away by itself or by its connection, whatever the rules say."],
  ["chain, policy", "A chain is a list of rules that are tried from the top; the first that matches decides. If none does, the policy does."],
  ["hook", "The place on a packet's way at which a chain is asked: input (to the firewall itself), output (from it), forward (through it)."],
  ["iif, oif", "The interfaces by which a packet comes in and goes out."],
  ["assured", "A connection that both ends have used: it is kept when the table is full and others have to make room."],
  ["translated", "Addresses or ports are replaced on the way through the firewall (NAT)."],
];

function glossary() {
  return el("details", {}, el("summary", {}, "Words on this page"),
    el("dl", { class: "glossary" }, GLOSSARY.map(([term, meaning]) => [el("dt", {}, term), el("dd", {}, meaning)])));
}

function overview() {
  const notes = D.overview.notes;
  return [
    el("h1", {}, D.overview.answer), replayed(), totals(), ...whyNot(), glossary(), telling(), shownPackets(), evidence(),
    section("Over time", flowChart(), D.overview.tracking && connectionChart()),
    section("Hits per rule", mostHit(), el("p", {}, linkTo("rules", "The whole ruleset with its hits"))),
    notes.length > 0 && section("Notes", el("ul", {}, notes.map((one) => el("li", {}, one)))),
  ];
}
