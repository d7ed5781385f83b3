// Going to a municipality by its name: suggestions come from the interface for programs, as every other program's would.
// Without this script the same form searches in the table.

const WAIT = 150;
const MOST = 8;

const known = new Map(); // the code of each name that was suggested
let timer;
let asking;

const fold = (text) => text.trim().toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

async function suggest(box) {
  asking?.abort();
  const sought = box.value.trim();
  if (!sought || known.has(fold(sought))) return;
  const { signal } = (asking = new AbortController());
  const query = new URLSearchParams({ q: sought, pageSize: MOST, format: "json" });
  if (box.dataset.day) query.set("day", box.dataset.day);
  try {
    const answer = await fetch(`/v1/municipalities?${query}`, { signal });
    if (!answer.ok) return;
    const { items } = await answer.json();
    for (const { code, name } of items) known.set(fold(name), code);
    const options = items.map(({ name }) => Object.assign(document.createElement("option"), { value: name }));
    document.getElementById("go-names").replaceChildren(...options);
  } catch {
    // No suggestions, then: the form goes on working.
  }
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "go-to") return;
  clearTimeout(timer);
  timer = setTimeout(() => suggest(event.target), WAIT);
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "go") return;
  const code = known.get(fold(event.target.elements.q.value));
  if (!code) return; // a part of a name: the table shows which there are
  event.preventDefault();
  location.assign(`/gemeenten/${code}`);
});
