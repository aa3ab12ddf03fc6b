// Light or dark: what the system prefers, until the reader turns it round; then that is remembered.
import { remember, remembered } from "./remembered.js";

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function turnTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  remember("theme", theme);
}

export function restoreTheme() {
  const theme = remembered("theme");
  if (theme) document.documentElement.dataset.theme = theme;
}
