// Search: every word must fit. A number is a packet or a port, a word of evidence or a verdict as it stands.

const MOST_FOUND = 2000;

function fits(packet, word) {
  const numeric = /^[0-9]+$/.test(word);
  if (word === "differ") return packet.differs;
  if (numeric) return packet.n === Number(word) || packet.sport === Number(word) || packet.dport === Number(word);
  if (word.startsWith(":")) return `:${packet.sport}` === word || `:${packet.dport}` === word;
  if (word.startsWith("#")) return `#${packet.id}` === word;
  if (packet.evidence_words.some((one) => one.startsWith(word)) || packet.proto === word) return true;
  if (packet.from.includes(word) || packet.to.includes(word) || packet.iif === word || packet.oif === word) return true;
  return MODES.some((mode) => `${mode}:${packet[mode].verdict}` === word) || (packet.proto === "tcp" && flagsOf(packet).toLowerCase().split(" ").includes(word));
}

function foundBy(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? packets.filter((packet) => words.every((word) => fits(packet, word))) : [];
}

function foundRow(packet) {
  return el("tr", { class: packet.differs ? "differs" : undefined }, el("th", { scope: "row" }, packetLink(packet, `#${packet.id}`)), el("td", { "data-head": "Time" }, clockOf(packet.t)),
    el("td", { "data-head": "From" }, packet.from), el("td", { "data-head": "To" }, packet.to), el("td", {}, `${packet.proto} ${labelOf(packet)}`),
    MODES.map((mode) => el("td", { "data-head": mode }, verdictOf(packet[mode]))), el("td", {}, packet.evidence_words.map(wordTag)));
}

function searchView(query) {
  const all = foundBy(query), found = all.slice(0, MOST_FOUND), body = el("tbody"), more = inPortions(found, 200, foundRow, body, "packet");
  const heads = ["Packet", "Time", "From", "To", "What", "Stateless", "Stateful", "Evidence"];
  say(`${counted(all.length, "packet")} found`);
  return [el("h1", {}, query ? `Packets that fit “${query}”` : "Packets"), note(`${counted(all.length, "packet")} of ${plain(packets.length)}. `
    + "Search for addresses, ports (443 or :443), packets (#12), words of evidence (spoofed-source), flags (syn), protocols, “differ”, stateful:drop; several words narrow it down."),
  wide("Packets found", el("table", { class: "cards" }, el("caption", {}, "Packets found"), el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), body)), more];
}
