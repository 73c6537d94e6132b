// Building elements. Everything that came from a graph, a user or the server goes
// in as text: this module never parses HTML.

/**
 * Make an element. `props`: `class`, `style` (object), `dataset` (object), `on`
 * (event name -> listener); a key that starts with `aria-` or that the element
 * has no property for becomes an attribute; `null` and `undefined` are left out.
 * Children: nodes, text, or nested arrays; `null`, `undefined` and `false` are skipped.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined) continue;
    if (key === "class") element.className = value;
    else if (key === "style") {
      for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text);
    } else if (key === "dataset") Object.assign(element.dataset, value);
    else if (key === "on") {
      for (const [name, listener] of Object.entries(value)) element.addEventListener(name, listener);
    } else if (key.includes("-") || !(key in element)) element.setAttribute(key, value === true ? "" : value);
    else element[key] = value;
  }
  append(element, children);
  return element;
}

/** Make an SVG element. `attributes` are set as they are; `on` as in {@link h}. */
export function svg(tag, { on = {}, ...attributes } = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replace everything in `element`. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** A PrimeIcon, hidden from screen readers. */
export function icon(name) {
  return h("i", { class: `pi pi-${name}`, "aria-hidden": "true" });
}

/** A button with a word. `props` as in {@link h}; `iconName` goes before the word. */
export function button(label, onClick, { iconName, ...props } = {}) {
  return h(
    "button",
    { type: "button", ...props, class: `hp-button ${props.class ?? ""}`.trim(), on: { click: onClick, ...props.on } },
    iconName ? icon(iconName) : null,
    h("span", {}, label),
  );
}

/** A button that is only an icon; `label` is its tooltip and what screen readers say. */
export function iconButton(iconName, label, onClick, props = {}) {
  return h(
    "button",
    {
      type: "button",
      title: label,
      "aria-label": label,
      ...props,
      class: `hp-icon-button ${props.class ?? ""}`.trim(),
      on: { click: onClick, ...props.on },
    },
    icon(iconName),
  );
}

/** A labelled control. */
export function field(label, control, props = {}) {
  return h("label", { ...props, class: `hp-field ${props.class ?? ""}`.trim() }, h("span", {}, label), control);
}

/** A select of `[value, label]` pairs. */
export function select(options, value, onChange, props = {}) {
  return h(
    "select",
    { ...props, class: `hp-input ${props.class ?? ""}`.trim(), on: { change: (event) => onChange(event.target.value) } },
    options.map(([key, label]) => h("option", { value: key, selected: key === value }, label)),
  );
}

/** Run `action` at most once in `delay_ms` after the last call. `.flush()` runs it now. */
export function debounce(action, delay_ms) {
  let timer = null;
  let pending = null;
  const run = () => {
    const args = pending;
    timer = null;
    pending = null;
    if (args) action(...args);
  };
  const debounced = (...args) => {
    pending = args;
    clearTimeout(timer);
    timer = setTimeout(run, delay_ms);
  };
  debounced.flush = () => {
    clearTimeout(timer);
    run();
  };
  debounced.cancel = () => {
    clearTimeout(timer);
    pending = null;
  };
  return debounced;
}

/** What is drawn anew between press and release still gets its click: whatever alike is now in its place. */
export function keepPresses(root) {
  const PRESSED = "button, summary, input, select, label, a, tr[tabindex]";
  const nameOf = ({ tagName, textContent, title, ariaLabel }) => [tagName, textContent, title, ariaLabel].join("\n");
  let pressed = null;
  root.addEventListener("pointerdown", (event) => {
    pressed = event.button === 0 ? event.target.closest(PRESSED) : null;
  });
  root.addEventListener("pointerup", (event) => {
    const now = event.target.closest(PRESSED);
    if (pressed && now && !pressed.isConnected && nameOf(now) === nameOf(pressed)) now.click();
    pressed = null;
  });
}

/** Keep keys typed in `element` from reaching ComfyUI's shortcuts. */
export function containKeys(element) {
  for (const name of ["keydown", "keyup", "keypress"]) {
    element.addEventListener(name, (event) => event.stopPropagation());
  }
  return element;
}
