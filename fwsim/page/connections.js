// The list of conversations: sorted by a click on a column's head, filtered as one types.

const COLUMNS = [
  ["number", "No.", (one) => linkTo(`connection-${one.number}`, String(one.number))],
  ["proto", "Protocol", (one) => one.proto],
  ["opener", "First from", (one) => one.opener],
  ["answerer", "With", (one) => one.answerer],
  ["packets", "Packets", (one) => plain(one.packets.length), (one) => one.packets.length],
  ["stateless", "Stateless admits", (one) => plain(one.stateless)],
  ["stateful", "Stateful admits", (one) => plain(one.stateful)],
  ["differ", "Differ", (one) => plain(one.differ)],
  ["evidence", "Evidence", (one) => one.evidence.map(wordTag), (one) => one.evidence.join(" ")],
  ["state", "TCP state at the end", (one) => one.state],
  ["first", "First packet", (one) => packetLink(one.first, clockOf(one.first.t).slice(0, 8)), (one) => one.first.at],
  ["lasts", "Lasts", (one) => (one.packets.length > 1 ? lasting(one.lasts) : "–"), (one) => one.lasts],
];
const RIGHT = new Set(["number", "packets", "stateless", "stateful", "differ", "lasts"]);
const listing = { sort: "number", down: false, filter: "", only: "all" };
const ONLY = [["all", "all"], ["differ", "on which the modes differ"], ["evidence", "with evidence against them"]];

function sortedConversations() {
  const column = COLUMNS.find(([name]) => name === listing.sort), key = column[3] || ((one) => one[column[0]]);
  const words = listing.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = conversations.filter((one) => {
    const about = [one.proto, one.opener, one.answerer, one.state, ...one.evidence].join(" ").toLowerCase();
    const wanted = listing.only === "all" || (listing.only === "differ" ? one.differ : one.evidence.length);
    return wanted && words.every((word) => about.includes(word));
  });
  const compared = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
  return found.sort((a, b) => (compared(key(a), key(b)) || a.number - b.number) * (listing.down ? -1 : 1));
}

function connectionRow(one) {
  return el("tr", { class: one.differ ? "differs" : undefined }, COLUMNS.map(([name, head, shown]) => el(
    name === "number" ? "th" : "td", { class: RIGHT.has(name) ? "number" : undefined, scope: name === "number" ? "row" : undefined,
      "data-head": head }, shown(one))));
}

function headOf([name, head], redraw) {
  const sorted = listing.sort === name ? (listing.down ? "descending" : "ascending") : "none";
  const sign = sorted === "none" ? "" : listing.down ? " ▼" : " ▲";
  return el("th", { scope: "col", "aria-sort": sorted, class: RIGHT.has(name) ? "number" : undefined }, el("button", { type: "button", "data-sort": name, click: () => {
    listing.down = listing.sort === name && !listing.down;
    listing.sort = name;
    redraw();
    document.querySelector(`[data-sort="${name}"]`).focus();
  } }, head, el("span", { "aria-hidden": "true" }, sign)));
}

function connectionList() {
  const place = el("div"), told = el("p", { class: "note", role: "status" });
  const redraw = () => {
    const found = sortedConversations(), body = el("tbody");
    const more = inPortions(found, 200, connectionRow, body, "connection");
    const table = el("table", { class: "cards" }, el("caption", {}, "Connections"),
      el("thead", {}, el("tr", {}, COLUMNS.map((column) => headOf(column, redraw)))), body);
    told.textContent = `${counted(found.length, "connection")} of ${plain(conversations.length)}`;
    replace(place, found.length ? wide("Connections", table) : note(conversations.length ? "None fits." : "None, since no packet is shown one by one."), more);
  };
  const filter = el("input", { id: "filter", type: "search", placeholder: "address, :port, udp, evidence", value: listing.filter, autocomplete: "off",
    input: (event) => { listing.filter = event.target.value; redraw(); } });
  const only = el("select", { id: "only", change: (event) => { listing.only = event.target.value; redraw(); } },
    ONLY.map(([name, label]) => el("option", { value: name, selected: listing.only === name }, label)));
  redraw();
  return [el("h1", {}, "Connections"),
    note("Everything that went to and fro between the same two ends, whether the stateful mode remembered a connection for it or not. Open one by its number to see its packets on a ladder. A coloured edge marks those on which the modes differ."),
    el("div", { class: "tools" }, el("label", { for: "filter" }, "Filter"), filter, el("label", { for: "only" }, "Show"), only), told, place];
}
