// The frame: which view is shown is told by what stands behind the # of the address, so that every view can be linked.

const VIEWS = [
  [/^(overview|main)?$/, "overview", () => overview()],
  [/^connections$/, "connections", () => connectionList()],
  [/^connection-(\d+)$/, "connections", (match) => connectionView(Number(match[1]))],
  [/^packet-(\d+(?::\d+)?)$/, "steps", (match) => packetView(match[1])],
  [/^steps$/, "steps", () => packetView(packets.length ? (differing[0] || packets[0]).id : "")],
  [/^rules$/, "rules", () => rulesView()],
  [/^states$/, "states", () => statesView()],
  [/^find=(.*)$/, "", (match) => searchView(match[1])],
];
const TABS = [["overview", "Overview"], ["connections", "Connections"], ["steps", "Step by step"], ["rules", "Ruleset"], ["states", "TCP states"]];
const main = document.getElementById("main");
let current = null;

function packetView(id) {
  current = byId.get(id) || null;
  if (current) return stepView(current);
  return [el("h1", {}, id ? `Packet ${id} is not shown one by one` : "No packet is shown one by one"), shownPackets()];
}

function hashNow() {
  try { return decodeURIComponent(window.location.hash.slice(1)); } catch { return ""; }
}

function show() {
  const hash = hashNow();
  if (hash === "main" && main.dataset.part !== undefined) return;  // the skip link
  current = null;
  const [match, tab, view] = VIEWS.map(([form, name, shown]) => [hash.match(form), name, shown]).find(([found]) => found)
    || [null, "", () => [el("h1", {}, "There is no such part of this report"), el("p", {}, linkTo("overview", "Overview"))]];
  replace(main, view(match));
  main.dataset.part = window.location.hash;
  for (const link of document.querySelectorAll("#tabs a")) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const head = main.querySelector("h1");
  document.title = `${head ? head.textContent : "fwsim"} - fwsim report`;
}

const goTo = (hash) => { window.location.hash = hash; };

const KEYS = { ArrowLeft: "back", ArrowRight: "forward", k: "back", j: "forward", Home: "first", End: "last", d: "next", D: "before" };

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (typing) return;
  if (event.key === "/") { event.preventDefault(); document.getElementById("query").focus(); return; }
  if (!current) return;
  if (event.key === "p") { document.getElementById("predict").click(); return; }
  const there = KEYS[event.key] && stepTo(KEYS[event.key], current.at);
  if (!there) return;
  event.preventDefault();
  goTo(`packet-${there.id}`);
}

function changed() {
  const focused = document.activeElement && document.activeElement.dataset.step, scrolled = current && window.scrollY;
  show();
  const button = focused && document.querySelector(`[data-step="${focused}"]`);
  if (button && !button.disabled) button.focus();
  else if (hashNow() !== "main") main.focus({ preventScroll: true });
  if (current && scrolled !== null) window.scrollTo(0, scrolled);
  else window.scrollTo(0, 0);
  if (current) say(hidden(current) ? `Packet ${current.id}: predict` : `Packet ${current.id}: stateless ${DOES[current.stateless.verdict]}, stateful ${DOES[current.stateful.verdict]}`);
}

document.body.append(patterns());
replace(document.getElementById("tabs"), TABS.map(([tab, label]) => linkTo(tab, label, { "data-tab": tab })));
document.getElementById("subject").textContent = `${D.overview.captures.map((one) => one.path).join(", ")} × ${D.overview.ruleset.path}`;
document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  goTo(`find=${encodeURIComponent(document.getElementById("query").value.trim())}`);
});
document.addEventListener("keydown", pressed);
window.addEventListener("hashchange", changed);
show();
