// The table as a grid: one stop of the Tab key, arrow keys from cell to cell, and every number opens to what it is.

const byId = (id) => document.getElementById(id);
const PAGE = 10; // rows that PageDown goes
const MOVES = {
  ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0], PageDown: [PAGE, 0], PageUp: [-PAGE, 0],
  Home: [0, -Infinity], End: [0, Infinity],
};
const ABOUT = ["change", "over", "households"]; // columns with an explanation of their own; all others are weeks

let stop; // what the Tab key leads to: a cell, or the link in one
let told; // the cell that is open

const panel = () => byId("cell");
const inside = (cell) => cell.querySelector("a") ?? cell;
const far = (way) => way && way * Infinity;
const rows = () => [byId("total"), ...byId("table").tBodies[0].rows].filter((row) => !row.hidden);

/** Make the table a grid, after it was loaded or laid out anew; the rows' names and cells are one stop together. */
function enter() {
  const table = byId("table");
  if (told) panel()?.hidePopover();
  told = undefined;
  if (!table) return;
  table.setAttribute("role", "grid");
  table.setAttribute("aria-readonly", "true");
  table.setAttribute("aria-describedby", "cell-hint");
  for (const cell of table.querySelectorAll("td")) cell.setAttribute("role", "gridcell");
  for (const link of table.querySelectorAll("tbody a")) link.tabIndex = -1;
  settle();
}

/** See that the Tab key leads into the table, also when the row where it led is not shown any more. */
function settle() {
  if (!byId("table") || (stop?.isConnected && !stop.closest("tr").hidden)) return;
  lead(byId("total").lastElementChild);
}

function lead(element) {
  stop?.setAttribute("tabindex", -1);
  stop = element;
  stop.tabIndex = 0;
}

function tell(cell) {
  const texts = panel().dataset;
  const row = cell.parentElement;
  const now = row.lastElementChild;
  const head = byId("table").tHead.rows[0].cells[cell.cellIndex].querySelector("a");
  const kind = ABOUT.includes(head.dataset.sort) ? head.dataset.sort : "unreached";
  const week = kind === "unreached";
  const text = cell.firstChild.data;
  byId("cell-title").textContent = `${inside(row.cells[0]).textContent.trim()}: ${head.innerText.replace(/\s+/g, " ").trim()}`;
  const [number, unit] = panel().querySelectorAll(".count > *");
  number.textContent = text;
  unit.textContent = !/\d/.test(text) || kind === "households" ? "" : text === "1" ? texts.one : texts.unit;
  const lines = [];
  const answers = (week ? cell : now).querySelector("small")?.textContent.replace("\u200b", "").split("/");
  const others = "public" in row.dataset; // a public table says what is known, not the view of this moment
  if (text === "–") lines.push(!week ? texts.none : others ? texts.hidden : texts.off);
  if (text === "?") lines.push(texts.silent);
  if (answers) lines.push(answers[1] === "0" ? texts.nobody : texts.answers.replace("{n}", answers[0]).replace("{m}", answers[1]));
  if (week && text !== "–") lines.push(others ? texts.public : cell === now ? texts.now : texts.past);
  const fresh = byId(`about-${kind}`).querySelector(".told").cloneNode(true);
  fresh.querySelector("[data-copy='c-table']")?.remove(); // of all rows together
  fresh.querySelector(`[data-copy='${others ? "asof" : "public"}']`)?.remove();
  fresh.prepend(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  const old = panel().querySelector(".told");
  if (old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
}

function show(cell) {
  const box = panel();
  if (!box?.showPopover) return;
  lead(cell);
  cell.focus({ preventScroll: true });
  told?.removeAttribute("data-open");
  told = cell;
  cell.dataset.open = "";
  tell(cell);
  box.showPopover();
  place(box, cell.getBoundingClientRect());
  box.focus({ preventScroll: true });
}

/** Put the box below the cell, or above it where there is more room; on a phone the style puts it at the foot. */
function place(box, at) {
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + height < innerHeight || at.top < innerHeight - at.bottom;
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(below ? at.bottom + 4 : at.top - height - 4, innerHeight - height - 8))}px`;
}

document.addEventListener("page-laidout", enter);
document.addEventListener("page-found", settle);
document.addEventListener("page-changed", () => told?.isConnected && tell(told));

document.addEventListener("toggle", (event) => {
  if (event.target !== panel() || event.newState !== "closed") return;
  told?.removeAttribute("data-open");
  told = undefined;
}, true);

document.addEventListener("click", (event) => {
  const cell = event.target.closest?.("#table td");
  if (cell && getSelection().isCollapsed) show(cell);
});

document.addEventListener("focusin", (event) => {
  const cell = event.target.closest("#total > *, #table tbody th, #table td");
  if (cell && event.target === inside(cell)) lead(event.target);
});

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.("#total > *, #table tbody th, #table td");
  if (!cell || event.altKey || event.metaKey || event.shiftKey) return;
  if ((event.key === "Enter" || event.key === " ") && cell.matches("td")) {
    event.preventDefault();
    show(cell);
    return;
  }
  const move = MOVES[event.key];
  if (!move) return;
  event.preventDefault();
  const all = rows();
  const clamp = (at, most) => Math.max(0, Math.min(at, most));
  let [down, right] = move;
  if (event.ctrlKey) [down, right] = Number.isFinite(right) ? [far(down), far(right)] : [right, right];
  const row = all[clamp(all.indexOf(cell.parentElement) + down, all.length - 1)];
  const to = row.cells[clamp(cell.cellIndex + right, row.cells.length - 1)];
  lead(inside(to));
  stop.focus();
});

enter();
