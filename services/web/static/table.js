// The table in the page: changed cells, order and search.

const byId = (id) => document.getElementById(id);
const MOST_MARKED = 40; // changes a second; of more, no eye sees which
const MARKED_FOR = 1500;

let busy = 0; // changes of about the last second
let last = 0;

/** Fold a name as the server folds `data-key`. */
export function fold(text) {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/^['’ ]+/, "").trim();
}

/** Apply what changed, by row: [column, text, class, coverage]. */
export function paint(rows) {
  const changed = [];
  for (const [code, cells] of Object.entries(rows)) {
    const row = byId(code);
    if (!row) continue;
    for (const [at, text, css, coverage] of cells) {
      const cell = row.cells[at + 1];
      if (cell && paintCell(cell, text, css, coverage)) changed.push(cell);
    }
  }
  const now = performance.now();
  busy = busy * Math.exp((last - now) / 1000) + changed.length;
  last = now;
  if (busy > MOST_MARKED) return;
  for (const cell of changed) cell.classList.add("changed");
  setTimeout(() => changed.forEach((cell) => cell.classList.remove("changed")), MARKED_FOR);
}

function paintCell(cell, text, css, coverage) {
  const number = cell.firstChild;
  const moved = number.data !== text;
  if (moved) number.data = text;
  if (cell.className !== css) cell.className = css;
  let small = cell.querySelector("small");
  if (coverage && !small) small = cell.appendChild(document.createElement("small"));
  if (small && !coverage) small.remove();
  else if (small && small.textContent !== coverage) small.textContent = coverage;
  return moved;
}

/** Which column the table is sorted by: its link in the head, and the direction. */
export function order() {
  const head = document.querySelector("#table th[aria-sort]");
  return head && { link: head.querySelector("a"), descending: head.getAttribute("aria-sort") === "descending" };
}

/** Give the direction in which a click on a link in the head sorts. */
export function nextDescending(link) {
  const now = order();
  if (now && now.link === link) return !now.descending;
  return link.dataset.sort !== "name";
}

/** Put the rows in order; rows that are in place already are not moved, so that nothing jumps. */
export function sort(link, descending) {
  for (const head of document.querySelectorAll("#table th[aria-sort]")) head.removeAttribute("aria-sort");
  const head = link.closest("th");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = byId("table").tBodies[0];
  const at = head.cellIndex;
  const sign = descending ? -1 : 1;
  const ranked = [...body.rows].map((row) => ({ row, key: row.dataset.key, rank: at === 0 ? 0 : rank(row.cells[at]) }));
  ranked.sort((a, b) => {
    if (a.row.id === "unknown" || b.row.id === "unknown") return a.row.id === "unknown" ? -1 : 1;
    const names = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
    return at === 0 ? sign * names : sign * (a.rank - b.rank) || names;
  });
  ranked.forEach(({ row }, index) => {
    if (body.rows[index] !== row) body.insertBefore(row, body.rows[index]);
  });
}

/** Say in words in which order the rows are. */
export function orderInWords() {
  const { link, descending } = order();
  const words = byId("table").dataset[descending ? "descending" : "ascending"];
  return words.replace("{column}", link.innerText.replace(/\s+/g, " ").trim());
}

/** Rank a cell as the server does: not closed lowest, then no answer, then by number. */
function rank(cell) {
  const text = cell.firstChild.data;
  if (text === "–") return -Infinity;
  if (text === "?") return -0.5;
  if (text.startsWith("<")) return 1;
  const size = Number(text.split("–")[0].replace(/\D/g, "")); // of a range, the least
  return text.startsWith("−") ? -size : size;
}

/** Show only the rows whose name holds `sought` and whose last number is `least` or more, and say how many that are. */
export function find(sought, least) {
  const table = byId("table");
  if (!table) return;
  const part = fold(sought);
  let places = 0, shown = 0, any = false;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !row.dataset.key.includes(part) || (least > 0 && rank(row.cells[row.cells.length - 1]) < least);
    any ||= !row.hidden;
    if (!row.id.startsWith("GM")) continue;
    places += 1;
    shown += row.hidden ? 0 : 1;
  }
  const found = byId("found");
  const text = any ? found.dataset.text.replace("{n}", shown).replace("{m}", places) : found.dataset.none;
  if (found.textContent !== text) found.textContent = text;
}
