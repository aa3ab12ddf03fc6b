// Pictures to keep: the server's SVG as it is, or painted onto a canvas as PNG.
import { make } from "./dom.js";
import { refusal } from "./refusal.js";

const SCALE = 2; // pixels of a PNG for one of the drawing

export async function savePicture(kind, address) {
  const answer = await fetch(address);
  if (!answer.ok) throw refusal({ message: await answer.text(), language: answer.headers.get("content-language") ?? "en" });
  const svg = new Blob([await answer.text()], { type: "image/svg+xml" });
  keep(kind === "svg" ? svg : await painted(svg), `network.${kind}`);
}

async function painted(svg) {
  const address = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = make("canvas", { width: SCALE * image.naturalWidth, height: SCALE * image.naturalHeight });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}

function keep(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
