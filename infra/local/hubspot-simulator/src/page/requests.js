// Requests that HubSpot sent to the webhook, and those that its settings API received.

import { byId, count, element, setStandingFault, truncate } from "./page.js";

const REQUEST_FAULTS = {
  wrongSignature: "signed with a wrong secret",
  staleTimestamp: "signed ten minutes ago",
  foreignApp: "for an app that is not yours",
  tamperedBody: "changed after it was signed",
};
const before = (how) => ({ when: "before", how });
const SETTINGS_FAULTS = [
  ["As it should", null],
  ["401", before({ status: 401 })],
  ["429", before({ statusWithRetryAfter: [429, 1] })],
  ["500", before({ status: 500 })],
  ["Slowly (2 s)", before({ delay: 2000 })],
];
const MAX_LINES = 20;
let newest = 0;

/** Shows a request, its response, and whether the response is as it must be. */
export function showExchange(report, fault) {
  const { request, response, received, milliseconds } = report;
  const violations = response?.status === 200 && !fault ? response.violations : [];
  showVerdict(verdict(report, fault));
  byId("violations").replaceChildren(...violations.map((violation) => element("li", {}, violation)));
  byId("exchange").replaceChildren(
    ...(request ? [part("Request", `${request.method} ${request.url}`, request, ...signatureBase(request))] : []),
    ...(response ? [part("Response", `${response.status} in ${milliseconds} ms`, received)] : []),
  );
}

/** Shows the result of each of many requests at once. */
export function showLoad(results) {
  byId("violations").replaceChildren();
  byId("exchange").replaceChildren();
  if (!Array.isArray(results)) {
    showVerdict({ good: false, text: sentence(results.message) });
    return;
  }
  const answered = results.filter(({ status }) => status === 200).length;
  const slowest = Math.max(...results.map(({ milliseconds }) => milliseconds));
  const text = `${answered} of ${results.length} answered with 200, the slowest in ${slowest} ms.`;
  showVerdict({ good: answered === results.length, text });
  byId("exchange").replaceChildren(table(results));
}

export const showWaiting = (text) => showVerdict({ text });

function verdict({ response, shown, message, milliseconds }, fault) {
  if (!response) return { good: false, text: sentence(message) };
  const { status, violations } = response;
  if (fault) {
    const rejected = status === 401 || status === 403;
    const outcome = rejected ? `Rejected with ${status}, as it must be` : `Not rejected, but answered with ${status}`;
    return { good: rejected, text: `${outcome}: a request ${REQUEST_FAULTS[fault]}.` };
  }
  if (status !== 200) return { good: false, text: `Answered with ${status}, not 200, in ${milliseconds} ms.` };
  const contract = violations.length ? `${count(violations.length, "violation")} of HubSpot’s contract:` : "as HubSpot’s contract says.";
  return { good: !violations.length, text: `${count(shown.length, "number")} in ${milliseconds} ms, ${contract}` };
}

function showVerdict({ good, text }) {
  byId("verdict").className = good === undefined ? "verdict" : `verdict ${good ? "good" : "bad"}`;
  byId("verdict").textContent = text;
}

function part(name, summary, { headers, body }, ...more) {
  return element(
    "section",
    { className: "part" },
    element("h3", {}, `${name} `, element("code", {}, summary)),
    element("h4", {}, "Headers"),
    element("dl", {}, ...headers.flatMap(([header, value]) => [element("dt", {}, header), element("dd", {}, value)])),
    ...more,
    element("h4", {}, "Body"),
    element("pre", {}, element("code", {}, truncate(body) || "(empty)")),
  );
}

function signatureBase({ signatureBase: base }) {
  const note = "Your app signs the same text with the client secret, and compares.";
  return [
    element("h4", {}, "Signature base string"),
    element("p", { className: "reason" }, note),
    element("pre", {}, element("code", {}, truncate(base))),
  ];
}

function table(results) {
  const row = (cell, texts) => element("tr", {}, ...texts.map((text) => element(cell, {}, text)));
  const rows = results.map(({ status, milliseconds }, at) =>
    row("td", [`${at + 1}`, status === null ? "no answer" : `${status}`, `${milliseconds} ms`]),
  );
  const caption = element("caption", { className: "sr-only" }, "Requests at once, in the order of their responses");
  return element("table", {}, caption, element("thead", {}, row("th", ["#", "Status", "Time"])), element("tbody", {}, ...rows));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

export function makeFaultButtons() {
  const button = ([name, fault]) => element("button", { type: "button", onclick: () => setStandingFault(fault) }, name);
  byId("faults").replaceChildren(...SETTINGS_FAULTS.map(button));
}

/** Shows how the settings API responds, and its latest requests. */
export function showSettings({ standingFault, nextFaults, calls }) {
  [...byId("faults").children].forEach((button, at) => {
    button.setAttribute("aria-pressed", isSame(SETTINGS_FAULTS[at][1], standingFault));
  });
  const standing = standingFault ? `Every call from now on: ${faultText(standingFault)}.` : "Every request gets HubSpot’s normal response.";
  byId("armed").textContent = nextFaults ? `${standing} Before that, the next ${count(nextFaults, "call")} as a test has set.` : standing;
  showCalls(calls);
}

const isSame = (one, other) => one?.when === other?.when && JSON.stringify(one?.how) === JSON.stringify(other?.how);

function showCalls(calls) {
  const log = byId("log");
  const last = calls.at(-1)?.number ?? 0;
  // Numbers start again when the simulator does.
  if (last < newest) {
    log.replaceChildren();
    newest = 0;
  }
  for (const call of calls.filter(({ number }) => number > newest)) log.prepend(line(call));
  while (log.children.length > MAX_LINES) log.lastElementChild.remove();
  newest = last;
  byId("log-empty").hidden = log.children.length > 0;
}

function line({ answeredAt, method, path, status, fault, milliseconds, held, violations }) {
  const time = element("time", { dateTime: answeredAt }, new Date(answeredAt).toLocaleTimeString("en-GB"));
  const outcome = status === null ? faultText(fault) : `${status}${fault ? ` (${faultText(fault)})` : ""}`;
  const after = held ? `After it: isReady=${held.isReady}.` : "After it: nothing is registered.";
  return element(
    "li",
    { className: violations.length || fault ? "bad" : "" },
    element("p", {}, time, " ", element("strong", {}, `${method} ${outcome}`), ` in ${milliseconds} ms. ${after}`),
    element("p", { className: "quiet" }, element("code", {}, path)),
    ...violations.map((violation) => element("p", { className: "error" }, violation)),
  );
}

function faultText({ when, how }) {
  if (typeof how === "string") return { garbage: "a proxy’s page", wrongContentType: "plain text", silence: "no answer" }[how];
  if (how.delay !== undefined) return `${how.delay} ms late`;
  const [status, seconds] = how.statusWithRetryAfter ?? [how.status];
  const pause = seconds === undefined ? "" : `, retry-after ${seconds} s`;
  return `${status}${pause}${when === "after" ? ", once it has taken effect" : ""}`;
}
