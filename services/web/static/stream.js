// The stream of changes: connects, notices silence, and comes back by itself.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;
const SILENCE = 12000; // the server says something at least every five seconds

export class Stream {
  /** `patch(body)`: changes to apply; `layout()`: load the page anew; `state(name)`: connecting, live, offline, paused. */
  constructor({ patch, layout, state }) {
    this.on = { patch, layout, state };
    this.version = null;
    this.query = "";
    this.state = "connecting";
    this.wait = FIRST_WAIT;
    this.heard = 0;
    setInterval(() => {
      if (this.state === "live" && Date.now() - this.heard > SILENCE) this.lost();
    }, 3000);
  }

  /** Follow from `version` on, with `query` saying which view in which language. */
  follow(version, query) {
    this.version = version;
    this.query = query;
    if (this.state !== "paused") this.open();
  }

  open() {
    this.close();
    const source = new EventSource(`/live?version=${encodeURIComponent(this.version)}&${this.query}`);
    this.source = source;
    const hear = (event) => {
      if (source !== this.source) return false;
      this.heard = Date.now();
      this.wait = FIRST_WAIT;
      this.become("live");
      return true;
    };
    source.addEventListener("patch", (event) => {
      if (!hear(event)) return;
      this.version = event.lastEventId;
      this.on.patch(JSON.parse(event.data));
    });
    source.addEventListener("layout", (event) => {
      if (!hear(event)) return;
      this.close(); // what follows is about a page that is not loaded yet
      this.on.layout();
    });
    source.addEventListener("error", () => source === this.source && this.lost());
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  lost() {
    this.close();
    this.become("offline");
    this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  pause() {
    this.close();
    this.become("paused");
  }

  resume() {
    this.become("connecting");
    this.open();
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.on.state(state);
  }
}
