// Light, dark, or as the system has it.

import { useWatched, Watched } from "../api/store";

export type Theme = "system" | "light" | "dark";

const KEY = "theme";

function stored(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

const theme = new Watched<Theme>(stored());
/** Also changes with the system's own, for what must be drawn again. */
const shown = new Watched<string>("");
const system = matchMedia("(prefers-color-scheme: dark)");
const look = () => shown.set(`${theme.get()} ${system.matches}`);
system.addEventListener("change", look);
look();

export function useTheme(): string {
  return useWatched(shown);
}

export function useThemeChoice(): [Theme, (theme: Theme) => void] {
  return [useWatched(theme), choose];
}

function choose(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice holds until the page is loaded again.
  }
  theme.set(next);
  look();
}
