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

/** Whether `text` is the parts of `line` with anything where it has `*`; each at its first place, no going back. */
function isLike(line, text) {
  const [first, ...middle] = line.split("*");
  const last = middle.pop();
  const end = text.length - last.length;
  if (!text.startsWith(first) || !text.endsWith(last) || end < first.length) return false;
  let place = first.length;
  for (const part of middle) {
    const at = text.indexOf(part, place);
    if (at < 0 || at + part.length > end) return false;
    place = at + part.length;
  }
  return true;
}

const folded = (text) => text.trim().split(/\s+/).join(" ").toLowerCase();

/** Whether a line names a node, by the rules of the report: title without regard to case. */
export function matchesMember(line, { id, title, type }) {
  const ids = ancestors(id);
  if (ids.includes(line) || (line.startsWith("#") && ids.includes(line.slice(1))) || line === type) return true;
  if (folded(line) === folded(title)) return true;
  return line.includes("*") && (isLike(line, id) || isLike(line, type) || isLike(folded(line), folded(title)));
}

/** The node with this id; where there is none, the one inside a subgraph that has it there, since it was moved. */
export function nodeOfMember(id, nodes) {
  const own = nodes.find((node) => node.id === id);
  const moved = own ? [] : nodes.filter((node) => node.id.endsWith(`:${id}`));
  return own ?? (moved.length === 1 ? moved[0] : undefined);
}

/**
 * Which nodes each line names. `nodes`: `{id, title, type}`. Returns, a line:
 * `{line, nodes}`; an empty list means that it matches nothing.
 */
export function matchMembers(lines, nodes) {
  return lines.map((line) => {
    const found = nodes.filter((node) => matchesMember(line, node));
    const moved = found.length ? undefined : nodeOfMember(line.replace(/^#/, ""), nodes);
    return { line, nodes: moved ? [moved] : found };
  });
}
