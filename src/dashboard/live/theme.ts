import { effect, signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORED = "latentd.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(dark.matches);
dark.addEventListener("change", () => systemDark.value = dark.matches);

/** What was chosen; kept on this computer. */
export const theme = signal<Theme>(
  THEMES.find((name) => name === localStorage.getItem(STORED)) ?? "system",
);
/** Which of the two is shown; for what draws itself (canvas, WebGL) and reads its colours by `getComputedStyle`. */
export const shownTheme = signal<"light" | "dark">("light");

effect(() => {
  const shown = theme.value === "system" ? (systemDark.value ? "dark" : "light") : theme.value;
  localStorage.setItem(STORED, theme.value);
  document.documentElement.dataset.theme = shown;
  shownTheme.value = shown;
});
