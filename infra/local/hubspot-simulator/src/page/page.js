// Elements of the page, and calls of the simulator.

/** Makes an element; text from outside gets into it as text only, never as markup. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Returns a count with its noun. */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Sends JSON to the simulator; returns its response, or an object with a message. */
export async function send(method, path, content) {
  const headers = { "content-type": "application/json" };
  try {
    const response = await fetch(`simulator/${path}`, { method, body: JSON.stringify(content), headers });
    return response.status === 204 ? null : await response.json();
  } catch {
    return { message: "the simulator does not answer" };
  }
}
