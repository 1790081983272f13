// Light or dark: as the system says, until somebody says otherwise; remembered on this machine.

const KEY = "aisle-theme";
type Theme = "light" | "dark";

/** Use the theme that was chosen before, where one was. */
export function startTheme(): void {
  const kept = localStorage.getItem(KEY);
  if (kept === "light" || kept === "dark") document.documentElement.dataset["theme"] = kept;
}

/** Return the theme that is shown. */
export function theme(): Theme {
  const said = document.documentElement.dataset["theme"];
  if (said === "light" || said === "dark") return said;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Change to the other theme. */
export function changeTheme(): void {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = next;
  localStorage.setItem(KEY, next);
}

/** Call `told` when the system changes its theme; return what ends it. */
export function onTheme(told: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", told);
  return () => system.removeEventListener("change", told);
}
