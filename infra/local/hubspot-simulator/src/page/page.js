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
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** Truncates a text to what a page can show. */
export function truncate(text, max = 20_000) {
  return text.length <= max ? text : `${text.slice(0, max)} … and ${text.length - max} characters more`;
}

const UNREACHABLE = { message: "the simulator does not answer" };

/** Opens the list of numbers as a user; a fault makes it a request to reject. */
export const callWebhook = (who, fault) => send("POST", "call", { who, fault: fault ?? null });

/** Opens the list many times at once; returns each result, or an object with a message. */
export const callWebhookAtOnce = (who, times) => send("POST", "calls", { who, times });

/** Sets the fault of every settings call from now on; null for none. */
export const setStandingFault = (fault) => send("PUT", "standing-fault", fault);

/** Follows the account, and the connection to the simulator. */
export function follow(onAccount, onLink) {
  const events = new EventSource("simulator/events");
  events.onopen = () => onLink("");
  events.onerror = () => onLink("The simulator does not answer. Trying again …");
  events.onmessage = (event) => onAccount(JSON.parse(event.data));
}

async function send(method, path, content) {
  const headers = { "content-type": "application/json" };
  try {
    const response = await fetch(`simulator/${path}`, { method, body: json(content), headers });
    return response.status === 204 ? null : await response.json();
  } catch {
    return UNREACHABLE;
  }
}

// Ids go up to 2^63, beyond JavaScript's exact numbers: they stay BigInts, which JSON.stringify cannot write.
function json(content) {
  if (!content?.who) return JSON.stringify(content);
  const { who, ...more } = content;
  return `{"portalId":${who.portal},"userId":${who.user},${JSON.stringify(more).slice(1)}`;
}
