// HubSpot's settings API: how it is to answer, and the calls of it as they come in.

import { byId, element } from "./element.js";
import { arm } from "./simulator.js";

const before = (how) => ({ when: "before", how });
const ANSWERS = [
  ["As it should", null],
  ["401", before({ status: 401 })],
  ["429", before({ statusWithRetryAfter: [429, 1] })],
  ["500", before({ status: 500 })],
  ["Slowly (2 s)", before({ delay: 2000 })],
];
const MOST_LINES = 20;
let newest = 0;

/** Makes the buttons that say how the settings API is to answer. */
export function makeFaultButtons() {
  const button = ([name, fault]) => element("button", { type: "button", onclick: () => arm(fault) }, name);
  byId("faults").replaceChildren(...ANSWERS.map(button));
}

/** Shows what is armed, and the calls that came in since. */
export function showSettings({ standingFault, arrangedFaults, calls }) {
  [...byId("faults").children].forEach((button, at) => {
    button.setAttribute("aria-pressed", isSame(ANSWERS[at][1], standingFault));
  });
  byId("armed").textContent = tellArmed(standingFault, arrangedFaults);
  showCalls(calls);
}

function isSame(one, other) {
  return one?.when === other?.when && JSON.stringify(one?.how) === JSON.stringify(other?.how);
}

function tellArmed(standingFault, arrangedFaults) {
  const arranged = arrangedFaults ? ` Before that, what was arranged for the next ${arrangedFaults}.` : "";
  const standing = standingFault ? `Every call from now on: ${faultInWords(standingFault)}.` : "Calls are answered as HubSpot does.";
  return standing + arranged;
}

function showCalls(calls) {
  const log = byId("log");
  const last = calls.at(-1)?.number ?? 0;
  // Numbers start again when the simulator does.
  if (last < newest) {
    log.replaceChildren();
    newest = 0;
  }
  for (const call of calls.filter(({ number }) => number > newest)) log.prepend(line(call));
  while (log.children.length > MOST_LINES) log.lastElementChild.remove();
  newest = last;
  byId("log-empty").hidden = log.children.length > 0;
}

function line({ answeredAt, method, path, status, fault, milliseconds, held, violations }) {
  const time = element("time", { dateTime: answeredAt }, new Date(answeredAt).toLocaleTimeString("en-GB"));
  const outcome = status === null ? faultInWords(fault) : `${status}${fault ? ` (${faultInWords(fault)})` : ""}`;
  const holds = held ? `HubSpot then holds isReady=${held.isReady}` : "HubSpot then holds nothing";
  return element(
    "li",
    { className: violations.length || fault ? "bad" : "" },
    element("p", {}, time, " ", element("strong", {}, `${method} ${outcome}`), ` in ${milliseconds} ms. ${holds}.`),
    element("p", { className: "path" }, path),
    ...violations.map((violation) => element("p", { className: "violation" }, violation)),
  );
}

function faultInWords({ when, how }) {
  if (typeof how === "string") return { garbage: "no HubSpot answer", wrongContentType: "plain text", silence: "no answer" }[how];
  if (how.delay !== undefined) return `${how.delay} ms late`;
  const [status, seconds] = how.statusWithRetryAfter ?? [how.status];
  const pause = seconds === undefined ? "" : `, retry-after ${seconds} s`;
  return `${status}${pause}${when === "after" ? ", once it has taken effect" : ""}`;
}
