// The controls of a rehearsal without leaving the page. Without this script the same forms load it anew.

const now = document.getElementById("rehearsal-now");
const told = document.getElementById("rehearsal-told");
const where = document.getElementById("rehearsal-where");
const EVERY = 1000;
const address = `/oefening/stand?lang=${document.documentElement.lang}`;

/** Only what differs: a text that is written again would be said again. */
function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

async function show(answer) {
  if (!answer.ok) return;
  const state = await answer.json();
  write(now, state.words.now);
  write(told, state.words.told);
  write(where, state.words.where);
}

for (const form of document.querySelectorAll("form.rehearse")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    try {
      const answer = await fetch(`${form.action}?lang=${document.documentElement.lang}`, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
      });
      if (answer.ok) await show(answer);
      else write(told, (await answer.json()).told);
    } catch {
      location.reload();
    }
  });
}

setInterval(async () => {
  if (document.hidden) return;
  try {
    await show(await fetch(address));
  } catch {
    // The page itself says that it has lost its connection.
  }
}, EVERY);
