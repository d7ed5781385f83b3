// The controls of a rehearsal without leaving the page. Without this script the same forms load it anew.

const EVERY = 1000;
const language = () => document.documentElement.lang;

/** Only what differs: a text that is written again would be said again. */
function write(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

async function show(answer) {
  if (!answer.ok) return;
  const { words } = await answer.json();
  for (const [name, text] of Object.entries(words)) write(`rehearsal-${name}`, text);
}

// On the document: a page that changes its language in place has other forms then.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form.rehearse")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answer = await fetch(`${form.getAttribute("action")}?lang=${language()}`, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
    });
    if (answer.ok) await show(answer);
    else write("rehearsal-told", (await answer.json()).told);
  } catch {
    location.reload();
  }
});

setInterval(async () => {
  if (document.hidden) return;
  try {
    await show(await fetch(`/oefening/stand?lang=${language()}`));
  } catch {
    // The page itself says that it has lost its connection.
  }
}, EVERY);
