// The ruleset as it was written, each rule with what it decided in each mode.

function hitsCell(row, at) {
  const [accept, drop, reject] = row.hits[at], all = row.hits[at].reduce((a, b) => a + b, 0);
  const what = [[accept, "admitted"], [drop, "dropped"], [reject, "rejected"]].filter(([part]) => part).map(([part, word]) => (part === all ? word : `${plain(part)} ${word}`));
  const through = row.mirrored[at] ? `, ${plain(row.mirrored[at])} through its mirror` : "";
  const wholes = row.translates !== null ? `asked for ${counted(row.translates, "new connection")}` : "";
  return el("td", { class: "number", "data-head": MODES[at] }, all ? plain(all) : "–", all > 0 && bar(all, D.overview.packets, `mode${at}`),
    el("small", {}, what.join(", ") + through || (at ? wholes : "")));
}

function rulesView() {
  let chain = null;
  const rows = D.rules.rows.flatMap((row) => {
    const head = row.of_ruleset && row.chain !== chain && el("tr", { class: "chain" }, el("th", { colspan: 5, scope: "rowgroup" }, `chain ${row.chain}`));
    chain = row.of_ruleset ? row.chain : chain;
    return [head || [], el("tr", {}, el("td", { class: "number", "data-head": "Line" }, row.line || ""), el("th", { scope: "row" }, ruleName(row)), el("td", { class: "mono" }, row.text),
      hitsCell(row, 0), hitsCell(row, 1))].flat();
  });
  return [el("h1", {}, "The ruleset"), note(`${D.overview.ruleset.path}: how many of ${counted(D.overview.packets, "packet")} each rule decided. `
    + "Stateless, nothing is established, related or invalid, so that rules that ask for these decide nothing; but a rule may also decide through its mirror: the packet is taken for a reply to one that the rule admits."),
  tableOf("Rules and what they decided", ["Line", "Rule", "As written", "Stateless", "Stateful"], rows, { class: "rules cards" }),
  D.rules.left_out > 0 && note(`${counted(D.rules.left_out, "rule")} without hits left out.`)];
}
