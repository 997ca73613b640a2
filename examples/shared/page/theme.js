// Light or dark: as the system says, until a person says otherwise.
const system = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;
const listeners = [];

function stored() {
  try {
    return localStorage.getItem('theme');
  } catch {
    return null; // storage may be forbidden
  }
}

function apply(theme) {
  root.dataset.theme = theme;
  for (const listener of listeners) listener();
}

apply(stored() ?? (system.matches ? 'dark' : 'light'));
system.addEventListener('change', () => stored() ?? apply(system.matches ? 'dark' : 'light'));

/** Calls back after each change. */
export const onThemeChange = (listener) => listeners.push(listener);

export const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

export function toggleTheme() {
  const theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // it lasts as long as the page, then
  }
  apply(theme);
}
