// Elements are made here and nowhere else: names are ours, and whatever a stranger wrote becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false && child !== "") element.append(child);
  }
  return element;
}

const el = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);
const replace = (element, ...children) => { element.replaceChildren(); return filled(element, {}, children); };

const linkTo = (hash, label, attributes) => el("a", { href: `#${hash}`, ...attributes }, label);
const packetLink = (packet, label) => linkTo(`packet-${packet.id}`, label || `packet ${packet.id}`);
const section = (title, ...children) => el("section", {}, el("h2", {}, title), ...children);
const note = (...children) => el("p", { class: "note" }, ...children);

// A verdict is a sign, a word and a colour, so that none of the three has to be seen.
function verdictOf(decision) {
  return el("span", { class: `verdict ${decision.verdict}` },
    el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[decision.verdict]), ` ${DOES[decision.verdict]}`);
}

// What may be wider than the page scrolls by itself, by keyboard too.
const wide = (name, ...children) => el("div", { class: "wide", role: "region", tabindex: "0", "aria-label": name }, ...children);

function tableOf(caption, heads, rows, attributes) {
  return wide(caption, el("table", attributes,
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => (head instanceof Node ? head : el("th", { scope: "col" }, head))))),
    el("tbody", {}, rows)));
}

// Stripes for what is tolerated, defined once for all pictures.
const patterns = () => svg("svg", { width: 0, height: 0, class: "unseen", "aria-hidden": "true" }, svg("defs", {},
  svg("pattern", { id: "stripes", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 6, height: 6, class: "tolerated" }), svg("line", { x1: 0, x2: 0, y1: 0, y2: 6, class: "stripe" }))));

const number = (value) => el("td", { class: "number" }, value < 0 ? "–" : plain(value));
const wordTag = (word) => el("span", { class: "word" }, word);

// So many are shown at once; a button brings the next.
function inPortions(items, size, shown, container, what) {
  let upTo = 0;
  const more = el("button", { type: "button", class: "more", click: () => grow() });
  function grow() {
    container.append(...items.slice(upTo, upTo + size).map(shown));
    upTo += size;
    more.hidden = upTo >= items.length;
    more.textContent = `Show more (${counted(Math.max(items.length - upTo, 0), what)} left)`;
  }
  grow();
  return more;
}

const say = (words) => { document.getElementById("said").textContent = words; };
