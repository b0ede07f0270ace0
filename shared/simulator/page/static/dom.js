// Elements without markup in strings: whatever people write is text, never HTML.

export const by = (id) => document.getElementById(id);

export function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function icon(name, className, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  if (className) svg.setAttribute("class", className);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  return svg;
}

// Portuguese first, English beside it.
export const words = (portuguese, english) => [
  document.createTextNode(`${portuguese} `),
  element("span", { class: "en", lang: "en", text: english }),
];

// One menu is open at a time; Escape and a click elsewhere close it.
let open = null;

export function closeMenu(refocus = false) {
  if (!open) return;
  const { button, menu } = open;
  open = null;
  menu.hidden = true;
  button.setAttribute("aria-expanded", "false");
  if (refocus) button.focus();
}

export function toggleMenu(button, menu) {
  const again = open && open.menu === menu;
  closeMenu();
  if (again) return;
  open = { button, menu };
  menu.hidden = false;
  button.setAttribute("aria-expanded", "true");
  menu.querySelector("button")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (!open) return;
  if (event.key === "Escape") closeMenu(true);
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const entries = [...open.menu.querySelectorAll("button")];
  const step = event.key === "ArrowDown" ? 1 : entries.length - 1;
  entries[(Math.max(0, entries.indexOf(document.activeElement)) + step) % entries.length].focus();
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (open && !open.menu.contains(event.target) && !open.button.contains(event.target)) closeMenu();
});
