// Texts and parts of the page that change in place.

const byId = (id) => document.getElementById(id);

/** Apply changed sentences, by id: [text, state]; also where one stands once more, beside what it explains. */
export function tell(slots) {
  for (const [id, told] of Object.entries(slots)) write(byId(id), told);
  for (const copy of document.querySelectorAll("[data-copy]")) write(copy, slots[copy.dataset.copy]);
}

function write(element, told) {
  if (!element || !told) return;
  const [text, state] = told;
  if (element.textContent !== text) element.textContent = text;
  if (element.dataset.is !== state) element.dataset.is = state;
}

/** Give which details are open in an element, to open them again once it holds others. */
export function opened(element) {
  const open = new Set([...element.querySelectorAll("details[open]")].map((each) => each.id));
  return () => {
    for (const each of element.querySelectorAll("details")) each.open = open.has(each.id);
  };
}

/** Put changed parts in place, by id: the server's own HTML. Who stands on a link in one goes on standing there. */
export function place(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const element = byId(id);
    if (!element) continue;
    const active = element.contains(document.activeElement) && document.activeElement;
    const pictures = [...element.querySelectorAll("picture[id]")];
    const reopen = opened(element);
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    element.replaceChildren(fresh.content);
    reopen();
    for (const picture of pictures) keep(picture, element);
    if (active) same(element, active)?.focus({ preventScroll: true });
  }
}

/** Let a picture go on showing what it does until the new one is there: the element stays, its addresses change. */
function keep(picture, element) {
  const fresh = element.querySelector(`#${picture.id}`);
  if (!fresh) return;
  const now = [...fresh.children];
  [...picture.children].forEach((each, at) => {
    for (const { name, value } of now[at].attributes) if (each.getAttribute(name) !== value) each.setAttribute(name, value);
  });
  fresh.replaceWith(picture);
}

function same(element, active) {
  if (active.id) return byId(active.id);
  const href = active.getAttribute("href");
  return href && [...element.querySelectorAll("a")].find((link) => link.getAttribute("href") === href);
}
