// What the reader chose once and for all, from one visit to the next; a browser that stores nothing remembers nothing.
const named = (key) => `clearprop ${key}`;

export function remember(key, value) {
  try {
    localStorage.setItem(named(key), value);
  } catch {
    // Then it is asked again next time.
  }
}

export function remembered(key) {
  try {
    return localStorage.getItem(named(key));
  } catch {
    return null;
  }
}
