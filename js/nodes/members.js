// The members of a profiler group as people write them: one a line, a node id
// (`3`, `7:3`), a title or a class name, `*` for anything. Pure.

/** The lines that name something, trimmed, each once. */
export function parseMembers(text) {
  const lines = String(text ?? "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  return [...new Set(lines)];
}

/** `text` with `ids` added that are not in it yet. */
export function addMembers(text, ids) {
  return [...new Set([...parseMembers(text), ...ids.map(String)])].join("\n");
}

/** `text` without the line `member`. */
export function removeMember(text, member) {
  return parseMembers(text)
    .filter((line) => line !== member)
    .join("\n");
}

const ancestors = (id) => {
  const found = [];
  for (let end = id.length; end > 0; end = Math.max(id.lastIndexOf(":", end - 1), id.lastIndexOf(".", end - 1))) {
    found.push(id.slice(0, end));
  }
  return found;
};

function glob(line, flags) {
  const escaped = line
    .split("*")
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
  return new RegExp(`^${escaped}$`, flags);
}

/** Whether a line names a node, by the rules of the report: title without regard to case. */
export function matchesMember(line, { id, title, type }) {
  const ids = ancestors(id);
  if (ids.includes(line) || (line.startsWith("#") && ids.includes(line.slice(1))) || line === type) return true;
  if (line.toLowerCase() === title.trim().toLowerCase()) return true;
  if (!line.includes("*")) return false;
  return glob(line, "s").test(id) || glob(line, "s").test(type) || glob(line.toLowerCase(), "s").test(title.toLowerCase());
}

/**
 * Which nodes each line names. `nodes`: `{id, title, type}`. Returns, a line:
 * `{line, nodes}`; an empty list means that it matches nothing.
 */
export function matchMembers(lines, nodes) {
  return lines.map((line) => ({ line, nodes: nodes.filter((node) => matchesMember(line, node)) }));
}
