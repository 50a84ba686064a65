// One packet after the other: what each mode makes of it, by which rules, and what it changes in the connection table.

const predicting = { on: false, guessed: new Map(), right: 0, wrong: 0 };
const SHOWN_CONNECTIONS = 12;

// The connection table behind a packet: what the packets up to it have changed, the latest last.
const TABLE = { at: -1, rows: new Map() };
const connectionOf = ([id, proto, ends, state, bits, dies]) => ({ id, proto: text(proto), ends: text(ends), state: text(state), bits, dies });

function tableBehind(at) {
  if (at < TABLE.at || TABLE.at < 0) {
    TABLE.rows = new Map(D.before.map((row) => [row[0], connectionOf(row)]));
    TABLE.at = -1;
  }
  while (TABLE.at < at) {
    TABLE.at += 1;
    for (const change of packets[TABLE.at].changes || []) {
      TABLE.rows.delete(change[0]);
      if (change.length > 1) TABLE.rows.set(change[0], connectionOf(change));
    }
  }
  const now = packets[at].t / 1000;
  return [...TABLE.rows.values()].filter((one) => one.dies > now).reverse();
}

function statusOf(bits) {
  const words = [bits & 2 ? "no answer yet" : "answered"];
  if (bits & 1) words.push("assured");
  if (bits & 8) words.push("translated");
  if (bits & 4) words.push("perhaps not there");
  return words.join(", ");
}

function tableView(packet) {
  const before = packet.at > 0 ? new Map(tableBehind(packet.at - 1).map((one) => [one.id, one])) : new Map(D.before.map((row) => [row[0], connectionOf(row)]));
  const after = tableBehind(packet.at), touched = new Set((packet.changes || []).map((change) => change[0]));
  const gone = [...touched].filter((id) => before.has(id) && !after.some((one) => one.id === id)).map((id) => ({ ...before.get(id), gone: true }));
  const all = [...gone, ...after].sort((a, b) => touched.has(b.id) - touched.has(a.id));
  const rows = all.slice(0, SHOWN_CONNECTIONS).map((one) => tableRow(one, before.get(one.id), touched.has(one.id), packet));
  const others = packet.live - (all.length - gone.length), more = all.length - rows.length + Math.max(others, 0);
  return el("section", {}, el("h2", {}, `Connection table after this packet: ${counted(packet.live, "connection")}`),
    rows.length ? tableOf("Connections, those that this packet changed first", ["Change", "Connection", "State", "Status", "Time left"], rows, { class: "cards" })
      : note("Empty: nothing is remembered."), more > 0 && note(`and ${counted(more, "connection")} more`));
}

function tableRow(one, was, touched, packet) {
  const change = one.gone ? "− gone" : !touched ? "" : !was ? "+ new" : was.state !== one.state || was.bits !== one.bits ? "~ changed" : "↻ refreshed";
  const state = was && was.state !== one.state ? `${was.state} → ${one.state}` : one.state;
  return el("tr", { class: touched ? "changed" : undefined }, el("td", {}, change), el("th", { scope: "row" }, `${one.proto} ${one.ends}`),
    el("td", { "data-head": "State" }, state), el("td", { "data-head": "Status" }, statusOf(one.bits)), el("td", { class: "number", "data-head": "Time left" }, one.gone ? "" : lasting((one.dies * 1000) - packet.t)));
}

// The rules tried, with the one that decided marked.
function walkView(walk) {
  if (!walk.length) return note("No rule was asked.");
  let step = "";
  return el("ol", { class: "walk" }, walk.map((line) => {
    const heading = line.step !== step && el("b", { class: "step" }, STEPS[line.step] || line.step), matches = /^(yes )?->/.test(line.outcome);
    step = line.step;
    return el("li", { class: matches ? "matches" : undefined }, heading, el("div", {},
      el("span", { class: "rule" }, "  ".repeat(line.depth), line.name, line.line > 0 && el("small", {}, ` line ${line.line}`)),
      el("span", { class: "about" }, line.about), el("span", { class: "outcome" }, line.outcome.replace("yes ->", "matches →").replace("->", "→"))));
  }));
}

const STEPS = { "as new": "First, as if it opened a connection", mirror: "Could it be a reply? Its mirror image, both ends swapped, as if that opened one", "as reply": "And the packet itself, as a reply", "as related": "As an error about a connection (related)",
  "as invalid": "As invalid", untracked: "Not tracked", forward: "forward chain", input: "input chain", output: "output chain", prerouting: "prerouting chain", postrouting: "postrouting chain" };

function modeView(packet, mode) {
  const decision = packet[mode], walk = walkOf(value(`walk_${mode}`, packet.at), packet);
  const facts = [["reason", decision.why], ["ct state", mode === "stateful" && `${decision.ct_state}${decision.ct_direction !== "none" ? `, ${decision.ct_direction} direction` : ""}`],
    ["TCP state", decision.after && (decision.before !== decision.after && decision.before ? `${decision.before} → ${decision.after}` : decision.after)],
    ["answer", decision.reject_with], ["translated", packet[`nat_${mode}`] && (mode === "stateful" && packet.other_from ? `${packet.came ? "came in" : "leaves"} as ${packet.other_from} → ${packet.other_to}` : packet[`nat_${mode}`].replace("nat ", ""))]].filter(([, said]) => said);
  return el("section", { class: "card mode" }, el("h2", {}, mode), el("p", { class: "big" }, verdictOf(decision), decision.title && el("small", {}, ` by ${byWhom(decision)}`)),
    el("dl", {}, facts.map(([name, said]) => [el("dt", {}, name), el("dd", {}, said)])),
    el("h3", {}, "Rules tried"), walkView(walk));
}

// "Predict first": verdicts are hidden until one has been chosen for both modes.
const judged = (packet) => MODES.every((mode) => ["accept", "drop", "reject"].includes(packet[mode].verdict));
const hidden = (packet) => predicting.on && judged(packet) && !predicting.guessed.has(packet.at);

function prediction(packet) {
  if (!predicting.on || !judged(packet)) return null;
  const guess = predicting.guessed.get(packet.at);
  if (guess) {
    return el("p", { class: "prediction", tabindex: "-1" }, MODES.map((mode) => {
      const right = guess[mode] === (packet[mode].verdict === "accept");
      return el("span", { class: right ? "right" : "wrong" }, `${mode}: ${right ? "✓ right" : "✕ wrong"} `);
    }), `Score: ${predicting.right} of ${predicting.right + predicting.wrong}.`);
  }
  const chosen = {};
  const choose = (mode, admits) => () => {
    chosen[mode] = admits;
    if (MODES.some((one) => !(one in chosen))) return;
    predicting.guessed.set(packet.at, chosen);
    for (const one of MODES) predicting[chosen[one] === (packet[one].verdict === "accept") ? "right" : "wrong"] += 1;
    show();
    const result = document.querySelector(".prediction");
    result.focus({ preventScroll: true });
    say(result.textContent);
  };
  return el("div", { class: "prediction" }, el("p", {}, "What will each mode do with this packet? Choose for both; then you see what they did, and why. Above is what a packet says of itself."), MODES.map((mode) => el("fieldset", {}, el("legend", {}, mode),
    [[true, "admits it"], [false, "blocks it"]].map(([admits, label]) => el("label", {},
      el("input", { type: "radio", name: `guess-${mode}`, value: admits ? "admit" : "block", change: choose(mode, admits) }), ` ${label}`)))),
  el("p", {}, `Score: ${predicting.right} of ${predicting.right + predicting.wrong}.`));
}

function factsOf(packet) {
  const facts = [["from", packet.from], ["to", packet.to], ["protocol", packet.proto], ["interfaces", `${packet.iif || "?"} → ${packet.oif || "?"}`], ["time", clockOf(packet.t)],
    ["length", counted(packet.length, "byte")], ["flags", packet.proto === "tcp" && packet.flags >= 0 && flagsOf(packet)],
    ["seq, relative", packet.proto === "tcp" && packet.seq >= 0 && `${plain(sequenceOf(packet))} (${packet.seq})`],
    ["ack, relative", packet.proto === "tcp" && packet.flags > 0 && packet.flags & 16 && `${plain(acknowledgedBy(packet))} (${packet.ack})`],
    ["window", packet.proto === "tcp" && packet.win >= 0 && plain(packet.win)], ["TTL", packet.ttl >= 0 && packet.ttl]].filter(([, said]) => said);
  return el("dl", { class: "facts" }, facts.map(([name, said]) => el("div", {}, el("dt", {}, name), el("dd", {}, said))));
}

const STEP_KEYS = [["first", "|◀ First", "First packet (Home)"], ["back", "◀ Back", "Back one packet (left arrow)"], ["forward", "Forward ▶", "Forward one packet (right arrow)"],
  ["last", "Last ▶|", "Last packet (End)"], ["before", "◀ Previous difference", "The one before on which the modes differ (D with shift)"], ["next", "Next difference ▶", "The next one on which the modes differ (D)"]];

function stepTo(where, at) {
  const places = { first: 0, back: at - 1, forward: at + 1, last: packets.length - 1 };
  if (where in places) return packets[places[where]];
  return where === "next" ? differing.find((packet) => packet.at > at) : differing.filter((packet) => packet.at < at).pop();
}

function stepTools(packet) {
  const steps = STEP_KEYS.map(([where, label, title]) => el("button", { type: "button", title, "aria-label": title, "data-step": where,
    disabled: !stepTo(where, packet.at), click: () => goTo(`packet-${stepTo(where, packet.at).id}`) }, label));
  const predict = el("label", { class: "switch", title: "Hide the verdicts until you have chosen some yourself, and keep score (P)" }, el("input", { type: "checkbox", role: "switch", id: "predict", checked: predicting.on,
    change: (event) => { predicting.on = event.target.checked; show(); document.getElementById("predict").focus(); } }), " Predict first");
  const copy = el("button", { type: "button", id: "copy", click: () => copyLink() }, "Copy link");
  return el("div", { class: "tools steps", role: "toolbar", "aria-label": "Steps" }, steps, predict, copy);
}

function copyLink() {
  const link = window.location.href, done = (words) => { document.getElementById("copy").textContent = words; say(words); };
  const byHand = () => {
    const area = el("textarea", { class: "unseen", readonly: true });
    area.value = link;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    done(copied ? "Link copied" : "Copy it from the address bar");
  };
  if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(link).then(() => done("Link copied"), byHand);
  else byHand();
}

function evidenceList(packet) {
  const means = new Map(D.overview.evidence.map((row) => [row.word, row.means]));
  if (!packet.evidence_words.length) return null;
  return el("p", {}, el("b", {}, "Evidence: "), packet.evidence_words.map((word) => [wordTag(word), ` ${means.get(word) || ""} `]));
}

function stepView(packet) {
  const closed = hidden(packet), cell = packet.proto === "tcp" && cellWords(packet), { before, after } = packet.stateful;
  const shown = closed ? [] : [evidenceList(packet), el("div", { class: "pair" }, MODES.map((mode) => modeView(packet, mode))),
    packet.bounds && el("section", {}, el("h2", {}, "Its place in the TCP window, for the stateful mode"), windowPicture(packet, true), windowKey()),
    tableView(packet),
    packet.proto === "tcp" && el("section", {}, el("h2", {}, "TCP state"), cell && el("p", {}, cell), el("div", { class: "diagram" }, stateDiagram(after || before, before)))];
  return [el("h1", {}, `Packet ${packet.id}`, el("small", {}, ` ${labelOf(packet)}`)), stepTools(packet),
    el("p", { class: "note keys" }, "Keys: ← → one packet, D the next one on which the modes differ, P hide the verdicts and predict them first, / search."),
    el("p", {}, `Step ${plain(packet.at + 1)} of ${plain(packets.length)}, part of `, linkTo(`connection-${packet.conversation.number}`, `connection ${packet.conversation.number}`), ". ",
      !closed && packet.differs && el("b", {}, "The modes differ.")), factsOf(packet),
    !closed && packet.comments.length > 0 && el("p", {}, "Comment in the capture: ", packet.comments.map((comment) => el("q", {}, comment))), prediction(packet), ...shown];
}
