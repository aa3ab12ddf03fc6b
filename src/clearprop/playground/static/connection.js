// The WebSocket: messages by type, answers by number, and a new connection when the old one is lost.

import { refusal } from "./refusal.js";

export const VERSION = 1;
const [REFUSED, FULL] = [1008, 1013];
const WAITS = [200, 500, 1000, 2000, 4000];

export class Connection {
  // `on` has one function a type of message, and gone(), refused(key of what to say).
  constructor(on, hello) {
    this.on = on;
    this.hello = hello;
    this.count = 0;
    this.waiting = new Map();
    this.tries = 0;
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    const token = new URLSearchParams(location.search).get("token") ?? "";
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}/socket?token=${encodeURIComponent(token)}`);
    this.socket.onopen = () => {
      this.tries = 0;
      this.ask("hello", { version: VERSION, ...this.hello() }).catch((error) => this.on.error(error, "link"));
    };
    this.socket.onmessage = (event) => this.take(JSON.parse(event.data));
    this.socket.onclose = (event) => {
      for (const { reject } of this.waiting.values()) reject(new Error("gone"));
      this.waiting.clear();
      if (event.code === REFUSED || event.code === FULL) return this.on.refused(event.code === FULL ? "full" : "refused");
      this.on.gone();
      this.timer = setTimeout(() => this.open(), WAITS[Math.min(this.tries++, WAITS.length - 1)]);
    };
  }

  take(message) {
    const waiting = this.waiting.get(message.re);
    if (waiting) {
      this.waiting.delete(message.re);
      if (message.type === "error") waiting.reject(refusal(message));
      else waiting.resolve(message);
    }
    if (message.type !== "error" || !waiting) this.on[message.type]?.(message);
  }

  get alive() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  // Sends without waiting for an answer.
  tell(type, fields = {}) {
    if (this.alive) this.socket.send(JSON.stringify({ type, ...fields }));
  }

  // Sends, and promises the answer.
  ask(type, fields = {}) {
    if (!this.alive) return Promise.reject(new Error("gone"));
    const number = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.socket.send(JSON.stringify({ type, ask: number, ...fields }));
    });
  }
}
