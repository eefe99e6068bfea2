// What the page asks of the simulator.

/** Lets a user open the list of numbers; a misbehaviour spoils the request. */
export async function callWebhook(who, misbehaviour) {
  const spoiled = `"misbehaviour":${JSON.stringify(misbehaviour ?? null)}`;
  return read(await send("POST", "simulator/call", question(who, spoiled)));
}

/** Lets many users open it at once; returns each one's outcome, or a message. */
export async function callWebhookAtOnce(who, times) {
  return read(await send("POST", "simulator/calls", question(who, `"times":${times}`)));
}

/** Says what becomes of every settings call from now on; null lets them pass. */
export const arm = (fault) => send("PUT", "simulator/standing-fault", JSON.stringify(fault));

/** Tells of the account now, and whenever it changes. */
export function follow(tell, tellLink) {
  const events = new EventSource("simulator/events");
  events.onopen = () => tellLink("");
  events.onerror = () => tellLink("The simulator does not answer. Trying again …");
  events.onmessage = (event) => tell(JSON.parse(event.data));
}

// Ids go up to 2^63, which JavaScript's numbers cannot tell apart: they stay texts until they are sent.
const question = ({ portal, user }, more) => `{"portalId":${portal},"userId":${user},${more}}`;

const send = (method, path, body) => fetch(path, { method, body, headers: { "content-type": "application/json" } });

async function read(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}
