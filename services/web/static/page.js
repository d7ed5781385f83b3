// The page without reloads: live changes, sorting, searching, sector and language in place.
// Without this script the same links and the same form load the page.

import { Stream } from "./stream.js";
import { opened, place, tell } from "./filling.js";
import { find, nextDescending, order, orderInWords, paint, sort } from "./table.js";

const RESORT_AFTER = 2000;
const SAY_OFFLINE_AFTER = 2000;

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const address = () => new URLSearchParams(location.search);
/** Tell the scripts of one page only (cells.js) what was done: changed, found or laidout. */
const note = (what) => document.dispatchEvent(new Event(`page-${what}`));
const served = new Map(); // the parts as the server sent them: what is unchanged is left alone

const stream = new Stream({
  patch({ cells = {}, slots = {}, parts = {} }) {
    paint(cells);
    tell(slots);
    place(parts);
    note("changed");
    if (Object.keys(cells).length) {
      if (least()) search();
      resort();
    }
  },
  layout: () => load(location.href),
  state: showState,
});

// Connection and announcements

let offlineTimer;

function showState(state) {
  const link = byId("link");
  const pause = byId("pause");
  link.dataset.is = state;
  link.textContent = link.dataset[state];
  pause.hidden = false;
  pause.textContent = pause.dataset[state === "paused" ? "resume" : "pause"];
  clearTimeout(offlineTimer);
  if (state === "offline") offlineTimer = setTimeout(() => say(link.textContent), SAY_OFFLINE_AFTER);
}

function say(text) {
  byId("announce").textContent = text;
}

/** The number as it is said aloud: when it changed, and never more often than every `data-every` seconds. */
function announceNumber() {
  const told = document.querySelectorAll("[data-said]");
  return [...told].map((element) => element.textContent.replace(/\s+/g, " ").trim()).join(", ");
}

let said = announceNumber();
setInterval(() => {
  if (stream.state !== "live") return;
  const text = announceNumber();
  if (text !== said) say(text);
  said = text;
}, 1000 * Number(byId("announce").dataset.every));

// Order and search

let resortTimer;

/** After changes put the rows in order again, when nobody is pointing at them or standing in them. */
function resort() {
  resortTimer ??= setTimeout(() => {
    resortTimer = undefined;
    const now = order();
    if (now && now.link.dataset.sort !== "name" && !byId("region")?.matches(":hover, :focus-within, :has([data-open])")) {
      sort(now.link, now.descending);
    }
  }, RESORT_AFTER);
}

const least = () => Number(byId("least")?.value || 0);

function search() {
  find(byId("q").value, least());
  note("found");
}

function remember(changes) {
  const query = address();
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  shown = location.search;
  readdress();
}

/** Let every link carry what the page shows now, for who opens it elsewhere. */
function readdress() {
  const kept = address();
  kept.delete("lang");
  for (const link of document.querySelectorAll("a[data-set], a[data-sort]")) {
    const query = new URLSearchParams(kept);
    if (link.dataset.set) query.set(...link.dataset.set.split("="));
    if (link.dataset.sort) {
      query.set("sort", link.dataset.sort);
      query.set("dir", nextDescending(link) ? "desc" : "asc");
    }
    link.href = `${location.pathname}?${query}`;
  }
  byId("address").textContent = location.href;
  for (const link of document.querySelectorAll("a[data-follows]")) link.href = `${link.dataset.follows}?${kept}`;
}

// Other views, in place

let loading;
let shown = location.search; // the query that the page shows

/** Show the page at `url` in place of this one; when it cannot be had, keep this one and say so. */
async function load(url, { push = false } = {}) {
  loading?.abort();
  const { signal } = (loading = new AbortController());
  let text;
  try {
    const answer = await fetch(url, { cache: "no-store", signal });
    if (answer.status === 403) return location.reload(); // signed out meanwhile: nothing of it stays on the screen
    if (!answer.ok) throw new Error("not loaded");
    text = await answer.text();
  } catch {
    if (!signal.aborted && stream.state !== "paused") stream.lost();
    return;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  if (fresh.documentElement.dataset.build !== root.dataset.build) {
    location.assign(url); // another build of the page: its scripts and styles as well
    return;
  }
  if (push) history.pushState(null, "", url);
  shown = location.search;
  swap(fresh);
  if (push) say(document.querySelector("#table caption, #map-title")?.textContent.trim() ?? document.title);
  follow();
}

function swap(fresh) {
  const active = document.activeElement;
  const typed = active?.id === "q" && { value: active.value, from: active.selectionStart, to: active.selectionEnd };
  const scrolled = [byId("region")?.scrollLeft, byId("region")?.scrollTop];
  const place = [scrollX, scrollY];
  root.lang = fresh.documentElement.lang;
  document.title = fresh.title;
  Object.assign(byId("main").dataset, fresh.getElementById("main").dataset);
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other) {
      part.replaceChildren();
      continue;
    }
    const text = other.innerHTML;
    const changes = text.includes("data-is=") || text.includes("data-changes") || part.dataset.part === "table";
    if (!changes && served.get(part.dataset.part) === text) continue;
    served.set(part.dataset.part, text);
    const reopen = opened(part);
    part.replaceChildren(...other.childNodes);
    reopen();
  }
  note("laidout");
  showState(stream.state);
  if (active?.id && active !== document.activeElement) byId(active.id)?.focus({ preventScroll: true });
  if (typed) {
    const box = byId("q");
    box.value = typed.value;
    box.setSelectionRange(typed.from, typed.to);
    search();
  }
  if (scrolled[0] !== undefined) byId("region")?.scrollTo(...scrolled);
  scrollTo(...place);
  readdress();
}

function follow() {
  const { version, topic } = byId("main").dataset;
  stream.follow(version, new URLSearchParams({ topic, lang: root.lang }));
}

// What people do

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-set], a[data-sort]");
  if (link?.dataset.sort) {
    const descending = nextDescending(link);
    sort(link, descending);
    remember({ sort: link.dataset.sort, dir: descending ? "desc" : "asc" });
    say(orderInWords());
    event.preventDefault();
  } else if (link) {
    event.preventDefault();
    load(link.href, { push: true });
  } else if (event.target.closest("#pause")) {
    if (stream.state === "paused") stream.resume();
    else stream.pause();
  }
});

document.addEventListener("input", (event) => {
  if (event.target.id !== "q" && event.target.id !== "least") return;
  search();
  remember({ q: byId("q").value.trim(), min: least() ? String(least()) : "" });
});

document.addEventListener("submit", (event) => {
  if (event.target.id === "find") event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("select[data-loads]")) return;
  const query = address();
  if (event.target.value) query.set(event.target.name, event.target.value);
  else query.delete(event.target.name);
  load(query.size ? `${location.pathname}?${query}` : location.pathname, { push: true });
});

addEventListener("popstate", () => {
  if (location.search !== shown) load(location.href); // a step to a place within the page needs nothing
});
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", (event) => event.persisted && stream.state !== "paused" && stream.open());

root.classList.add("js");
for (const part of document.querySelectorAll("[data-part]")) served.set(part.dataset.part, part.innerHTML);
showState("connecting");
readdress();
follow();
