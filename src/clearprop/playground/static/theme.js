// Light or dark: what the system prefers, until the reader turns it round; then that is remembered.

const KEY = "clearprop theme";

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function turnTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that stores nothing asks its system again next time.
  }
}

export function restoreTheme() {
  try {
    const theme = localStorage.getItem(KEY);
    if (theme) document.documentElement.dataset.theme = theme;
  } catch {
    // As above.
  }
}
