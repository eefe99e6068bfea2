// Requests that HubSpot sent to the webhook, and those that its settings API received.

import { byId, count, element } from "./page.js";

const MAX_TEXT = 20_000;
const MAX_LINES = 20;

/** Shows a request and its response; `fault` says why the webhook must reject it, if it must. */
export function showExchange(report, fault) {
  const { request, response, received, milliseconds } = report;
  const violations = response?.status === 200 && !fault ? response.violations : [];
  showVerdict(...verdict(report, fault));
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
    showVerdict("bad", sentence(results.message));
    return;
  }
  const answered = results.filter(({ status }) => status === 200).length;
  const slowest = Math.max(...results.map(({ milliseconds }) => milliseconds));
  const kind = answered === results.length ? "good" : "bad";
  showVerdict(kind, `${answered} of ${results.length} answered with 200, the slowest in ${slowest} ms.`);
  const line = ({ status, milliseconds }) => element("li", {}, `${status ?? "no answer"} in ${milliseconds} ms`);
  byId("exchange").replaceChildren(element("ol", {}, ...results.map(line)));
}

function verdict({ response, shown, message, milliseconds }, fault) {
  if (!response) return ["bad", sentence(message)];
  const { status, violations } = response;
  if (fault) {
    const rejected = status === 401 || status === 403;
    const outcome = rejected ? `Rejected with ${status}, as it must be` : `Not rejected, but answered with ${status}`;
    return [rejected ? "good" : "bad", `${outcome}: a request ${fault}.`];
  }
  if (status !== 200) return ["bad", `Answered with ${status}, not 200, in ${milliseconds} ms.`];
  const numbers = `${count(shown.length, "number")} in ${milliseconds} ms`;
  if (!violations.length) return ["good", `${numbers}, as HubSpot’s contract says.`];
  return ["bad", `${numbers}, ${count(violations.length, "violation")} of HubSpot’s contract:`];
}

export function showVerdict(kind, text) {
  byId("verdict").className = `verdict ${kind}`;
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
    code(body || "(empty)"),
  );
}

function signatureBase({ signatureBase: base }) {
  const note = "Your app signs the same text with the client secret, and compares.";
  return [element("h4", {}, "Signature base string"), element("p", { className: "reason" }, note), code(base)];
}

function code(text) {
  const rest = text.length - MAX_TEXT;
  const shown = rest > 0 ? `${text.slice(0, MAX_TEXT)} … and ${rest} characters more` : text;
  return element("pre", {}, element("code", {}, shown));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** Shows how the settings API responds, and its latest requests. */
export function showSettings({ standingFault, nextFaults, calls }) {
  const standing = standingFault && faultText(standingFault);
  for (const button of document.querySelectorAll("[data-standing]")) {
    const fault = JSON.parse(button.dataset.standing);
    button.setAttribute("aria-pressed", standing === (fault && faultText(fault)));
  }
  const always = standing ? `Every call from now on: ${standing}.` : "Every request gets HubSpot’s normal response.";
  const next = `Before that, the next ${count(nextFaults, "call")} as a test has set.`;
  byId("armed").textContent = nextFaults ? `${always} ${next}` : always;
  const newest = byId("log").firstElementChild?.value ?? 0;
  byId("log").prepend(...calls.filter(({ number }) => number > newest).map(line).reverse());
  while (byId("log").children.length > MAX_LINES) byId("log").lastElementChild.remove();
  byId("log-empty").hidden = calls.length > 0;
}

function line({ number, answeredAt, method, path, status, fault, milliseconds, settings, violations }) {
  const time = element("time", { dateTime: answeredAt }, new Date(answeredAt).toLocaleTimeString("en-GB"));
  const outcome = status === null ? faultText(fault) : `${status}${fault ? ` (${faultText(fault)})` : ""}`;
  const after = settings ? `After it: isReady=${settings.isReady}.` : "After it: nothing is registered.";
  return element(
    "li",
    { value: number, className: violations.length || fault ? "bad" : "" },
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
