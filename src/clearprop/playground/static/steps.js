// The steps of the present trace: those that are here, and how others are fetched.

const AROUND = 8; // fetched together with one that is missing

export class Steps {
  // `fetch(from, to)` promises {trace, from, steps}.
  constructor(fetch) {
    this.fetch = fetch;
    this.number = 0;
    this.phases = [];
    this.first = {};
    this.parameters = {};
    this.here = new Map();
  }

  take({ number, phases, first, parameters, steps }) {
    this.number = number;
    this.phases = phases;
    this.first = first;
    this.parameters = parameters;
    this.here = new Map((steps ?? []).map((step, place) => [place, step]));
  }

  get count() {
    return this.phases.length;
  }

  // The step of a place; null where there is none, or the trace is another by now.
  async at(place) {
    if (!(place in this.phases)) return null;
    if (!this.here.has(place)) {
      const number = this.number;
      const answer = await this.fetch(place, Math.min(place + AROUND, this.count)).catch((error) => {
        if (number === this.number) throw error;
      });
      if (number !== this.number) return null;
      answer.steps.forEach((step, offset) => this.here.set(answer.from + offset, step));
    }
    return this.here.get(place) ?? null;
  }
}
