// A request and its answer, to the letter, and what is to be said of them.

import { bounded, byId, count, element } from "./element.js";

const MISBEHAVIOURS = {
  wrongSignature: "signed with a wrong secret",
  staleTimestamp: "signed ten minutes ago",
  foreignApp: "for an app that is not yours",
};

/** Shows a request, its answer, and whether that is as it must be. */
export function showExchange(report, misbehaviour) {
  const { request, answer, received, milliseconds } = report;
  tellVerdict(verdictOf(report, misbehaviour));
  const violations = answer && !misbehaviour && answer.status === 200 ? answer.violations : [];
  byId("violations").replaceChildren(...violations.map((violation) => element("li", {}, violation)));
  byId("exchange").replaceChildren(
    ...(request ? [part("Request", `${request.method} ${request.url}`, request, signatureBase(request))] : []),
    ...(answer ? [part("Answer", `${answer.status} in ${milliseconds} ms`, received)] : []),
  );
}

/** Shows how each of many requests at once ended. */
export function showOutcomes(outcomes) {
  byId("violations").replaceChildren();
  byId("exchange").replaceChildren();
  if (!Array.isArray(outcomes)) {
    tellVerdict({ good: false, text: sentence(outcomes.message) });
    return;
  }
  const answered = outcomes.filter(({ status }) => status === 200).length;
  const slowest = Math.max(...outcomes.map(({ milliseconds }) => milliseconds));
  const text = `${answered} of ${outcomes.length} answered with 200, the slowest in ${slowest} ms.`;
  tellVerdict({ good: answered === outcomes.length, text });
  byId("exchange").replaceChildren(tableOf(outcomes));
}

/** Says that something is under way. */
export const tellWaiting = (text) => tellVerdict({ text });

function verdictOf({ answer, shown, message, milliseconds }, misbehaviour) {
  if (!answer) return { good: false, text: sentence(message) };
  if (misbehaviour) {
    const refused = answer.status === 401 || answer.status === 403;
    const outcome = refused ? `Refused with ${answer.status}, as it must be` : `Not refused, but answered with ${answer.status}`;
    return { good: refused, text: `${outcome}: a request ${MISBEHAVIOURS[misbehaviour]}.` };
  }
  if (answer.status !== 200) return { good: false, text: `Answered with ${answer.status}, not 200, in ${milliseconds} ms.` };
  const departures = answer.violations.length;
  const contract = departures ? `${count(departures, "departure")} from HubSpot’s contract:` : "as HubSpot’s contract says.";
  return { good: !departures, text: `${count(shown.length, "number")} in ${milliseconds} ms, ${contract}` };
}

function tellVerdict({ good, text }) {
  const verdict = byId("verdict");
  verdict.className = good === undefined ? "verdict" : `verdict ${good ? "good" : "bad"}`;
  verdict.textContent = text;
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
    element("pre", {}, element("code", {}, bounded(body) || "(empty)")),
  );
}

function signatureBase({ signatureBase: base }) {
  const note = "What the webhook must sign again with the client secret: method, URL, body and timestamp.";
  return element(
    "div",
    {},
    element("h4", {}, "Signature base string"),
    element("p", { className: "reason" }, note),
    element("pre", {}, element("code", {}, bounded(base))),
  );
}

function tableOf(outcomes) {
  const row = (cell, texts) => element("tr", {}, ...texts.map((text) => element(cell, {}, text)));
  const rows = outcomes.map(({ status, milliseconds }, at) =>
    row("td", [`${at + 1}`, status === null ? "no answer" : `${status}`, `${milliseconds} ms`]),
  );
  const caption = element("caption", { className: "sr-only" }, "Requests at once, in the order of their answers");
  return element("table", {}, caption, element("thead", {}, row("th", ["#", "Status", "Time"])), element("tbody", {}, ...rows));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
