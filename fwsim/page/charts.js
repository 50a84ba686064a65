// Charts of the overview: plain SVG, each with its figures in words for those who do not see it.

const WIDTH = 720;

function frame(height, title, description, ...children) {
  return el("figure", {},
    svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `${title}. ${description}` }, ...children),
    el("figcaption", {}, description));
}

const DAY = 86400000;

// How much of a second's fraction, with its point, tells the labels of an axis apart.
function digits(whole) {
  const apart = whole / 4000;
  return apart >= 1 || !apart ? 0 : 1 + Math.min(6, Math.ceil(-Math.log10(apart)));
}

function atSpan(milliseconds, whole) {
  if (whole < DAY) return clockOf(Math.round(milliseconds * 1000)).slice(0, 8 + digits(whole));
  return new Date(D.overview.begin_us / 1000 + milliseconds).toISOString().slice(5, 16).replace("T", " ");
}

function timeAxis(from, to, left, right, y) {
  const places = [0, 0.25, 0.5, 0.75, 1];
  return places.map((part) => svg("text", {
    x: left + part * (right - left), y, class: "axis",
    "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle",
  }, atSpan(from + part * (to - from), to - from)));
}

// Admitted above the line, blocked below it, one strip for each mode.
function flowChart() {
  const { spans, width } = D.flow, left = 4, right = WIDTH - 4, strip = 100;
  const most = Math.max(1, ...spans.map((span) => Math.max(span[0], span[1], span[3], span[4])));
  const each = (right - left) / Math.max(spans.length, 1), half = (strip - 26) / 2;
  const parts = [];
  MODES.forEach((mode, at) => {
    const middle = at * strip + 18 + half, scale = half / most;
    parts.push(svg("text", { x: left, y: at * strip + 12, class: "label" }, `${mode}: admitted above the line, blocked below`));
    spans.forEach((span, place) => {
      const [admitted, blocked] = span.slice(3 * at, 3 * at + 2), x = left + place * each, w = Math.max(each - 0.6, 0.4);
      if (admitted) parts.push(svg("rect", { x, width: w, y: middle - admitted * scale, height: admitted * scale, class: "admitted" }));
      if (blocked) parts.push(svg("rect", { x, width: w, y: middle, height: Math.max(blocked * scale, 1.5), class: "blocked" }));
    });
    parts.push(svg("line", { x1: left, x2: right, y1: middle, y2: middle, class: "line" }));
  });
  const total = (at) => plain(spans.reduce((sum, span) => sum + span[at], 0));
  const said = `Each bar is ${lasting(width * 1000)}; the highest ${counted(most, "packet")}. Stateless admitted ${total(0)} and blocked `
    + `${total(1)}, stateful admitted ${total(3)} and blocked ${total(4)}.`;
  return frame(2 * strip + 16, "Packets admitted and blocked over time", said, ...parts,
    ...timeAxis(0, spans.length * width, left, right, 2 * strip + 12));
}

function connectionChart() {
  const points = D.table.points, left = 4, right = WIDTH - 4, height = 130;
  if (points.length < 2) return note("Too short to draw: connections over time need more than one moment.");
  const end = points[points.length - 1][0] || 1, most = Math.max(1, ...points.map((point) => point[1]));
  const x = (at) => left + (at / end) * (right - left), y = (live) => height - 4 - (live / most) * (height - 24);
  let path = `M ${left} ${y(0)}`;
  for (const [at, live] of points) path += ` V ${y(live).toFixed(1)} H ${x(at).toFixed(1)}`; // a point ends its span
  const last = points[points.length - 1];
  const limit = D.table.limit ? `, of ${plain(D.table.limit)} that the table may hold` : "";
  const evicted = last[4] ? `, ${plain(last[4])} evicted to make room` : "";
  const said = `At most ${counted(most, "connection")} at a time${limit}; ${plain(last[2])} were opened, ${plain(last[3])} have ended${evicted}, `
    + `${plain(last[1])} are there at the end. The stateless mode remembers none.`;
  return frame(height + 18, "Connections remembered by the stateful mode over time", said,
    svg("path", { d: `${path} V ${y(0)} Z`, class: "area" }), svg("path", { d: path, class: "curve" }),
    svg("text", { x: left, y: 12, class: "label" }, `connections in the table, up to ${plain(most)}`),
    ...timeAxis(0, end, left, right, height + 12));
}

// A bar of a share in a table's cell; its number stands beside it.
function bar(part, whole, kind) {
  return svg("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { x: 0, y: 0, width: 100, height: 8, class: "trough" }),
    svg("rect", { x: 0, y: 0, width: whole ? (100 * part) / whole : 0, height: 8, class: kind }));
}
