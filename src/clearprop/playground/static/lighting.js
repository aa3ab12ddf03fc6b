// What is lit in a drawing: its elements by canonical id, and their classes "used" and "computed".

export class Lighting {
  constructor(holder) {
    this.holder = holder;
    this.places = new Map();
    this.lit = [];
    // A label lights up with what it labels.
    for (const one of holder.querySelectorAll("[data-id]")) {
      const id = one.dataset.id.replace(/ label$/, "");
      this.places.set(id, [...(this.places.get(id) ?? []), one]);
    }
  }

  of(id) {
    return this.places.get(id) ?? [];
  }

  // `marks`: the class of each id.
  show(marks) {
    for (const one of this.lit) one.classList.remove("used", "computed");
    this.lit = [];
    for (const [id, mark] of Object.entries(marks)) {
      for (const one of this.of(id)) {
        one.classList.add(mark);
        this.lit.push(one);
      }
    }
  }

  // Hides what is not computed yet: `first` says at which step each id is.
  hide(first, present) {
    for (const [id, step] of Object.entries(first)) {
      for (const one of this.of(id)) one.classList.toggle("later", step > present);
    }
  }

  // Takes the number of one id away, for somebody else to find.
  ask(id) {
    for (const one of this.holder.querySelectorAll(".asked")) one.classList.remove("asked");
    for (const one of id ? this.of(id) : []) one.classList.add("asked");
  }
}

// Scrolls a frame, never the page, until what is being computed is seen in it.
export function reveal(frame) {
  const one = frame.querySelector(".computed");
  if (!one) return;
  const [inner, outer] = [one.getBoundingClientRect(), frame.getBoundingClientRect()];
  if (outer.top > inner.top || inner.bottom > outer.bottom) frame.scrollTop += inner.top - outer.top - outer.height / 3;
  if (outer.left > inner.left || inner.right > outer.right) frame.scrollLeft += inner.left - outer.left - outer.width / 3;
}
