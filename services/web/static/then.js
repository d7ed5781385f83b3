// What was known then: the day of the slider in words, and asking again while it is worked out. Both work without this.

const main = document.getElementById("main");
const slider = document.getElementById("day");

if (main.dataset.again) setTimeout(() => location.reload(), Number(main.dataset.again));

// A cell that was opened is gone to, also where the page had to load itself again meanwhile and would stay where it was.
const opened = location.hash === "#opened" && document.getElementById("opened");
if (location.hash === "#opened") history.scrollRestoration = "manual";
if (opened) {
  opened.scrollIntoView();
  opened.focus({ preventScroll: true });
}

if (slider) {
  const told = document.getElementById("chosen");
  const language = document.documentElement.lang === "nl" ? "nl-NL" : "en-GB";
  const words = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" });
  slider.addEventListener("input", () => {
    const day = new Date(`${slider.dataset.first}T00:00:00Z`);
    day.setUTCDate(day.getUTCDate() + Number(slider.value));
    told.textContent = words.format(day);
    slider.setAttribute("aria-valuetext", told.textContent);
  });
}
