// The list of numbers as HubSpot shows it, and those that are connected.

import { byId, count, element } from "./element.js";

const MOST_SHOWN = 1_000;

/** Shows the numbers of an answer, those that cannot be selected with the reason. */
export function showNumbers(portal, report) {
  const numbers = report.shown ?? [];
  byId("connecting").hidden = false;
  byId("numbers-told").textContent = summary(report, numbers);
  const connected = connectedIn(portal).map(({ number }) => number);
  byId("numbers").replaceChildren(
    ...numbers.slice(0, MOST_SHOWN).map((number, at) => choice(number, at, connected.includes(number.number))),
  );
  byId("connect").hidden = !byId("numbers").querySelector("input:enabled");
}

/** Takes the list away, since it is no longer that of the portal and user that are chosen. */
export function hideNumbers() {
  byId("connecting").hidden = true;
}

/** Returns which of the numbers is selected. */
export function selectedNumber({ shown }) {
  const selected = byId("numbers").querySelector("input:checked");
  return selected && shown[Number(selected.value)];
}

/** Connects a number to a portal, for as long as this browser remembers it. */
export function connect(portal, { number, name }) {
  remember(portal, [...connectedIn(portal), { number, name }]);
}

/** Shows the numbers that are connected to a portal. */
export function showConnected(portal, afterDisconnecting) {
  byId("connected-portal").textContent = portal;
  const connected = connectedIn(portal).map((one) => {
    const disconnect = () => {
      remember(portal, connectedIn(portal).filter(({ number }) => number !== one.number));
      afterDisconnecting(one);
    };
    const button = element("button", { type: "button", onclick: disconnect }, "Disconnect");
    button.setAttribute("aria-label", `Disconnect ${one.number}`);
    return element("li", { className: "row" }, element("span", {}, ...described(one)), button);
  });
  const none = element("li", { className: "reason" }, "No number yet.");
  byId("connected").replaceChildren(...(connected.length ? connected : [none]));
}

function summary({ answer, message }, numbers) {
  if (!answer) return `No list: ${message}.`;
  if (answer.status !== 200) return `No list: the webhook answered with ${answer.status}.`;
  if (!numbers.length) return "The list is empty.";
  const left = numbers.length - MOST_SHOWN;
  return left > 0 ? `The first ${MOST_SHOWN} of ${numbers.length} numbers.` : `${count(numbers.length, "number")}.`;
}

function choice(number, at, isConnected) {
  const reason = isConnected ? "It is connected already." : number.notSelectable;
  const radio = element("input", { type: "radio", name: "number", value: at, required: true, disabled: Boolean(reason) });
  const label = element("label", { className: "choice" }, radio, element("span", {}, ...described(number)));
  const told = reason && element("p", { id: `reason-${at}`, className: "reason" }, reason);
  if (told) radio.setAttribute("aria-describedby", told.id);
  return element("li", {}, label, ...(told ? [told] : []));
}

function described({ number, extension, name, nameLost }) {
  const dialled = [number || "no number", ...(extension === null || extension === undefined ? [] : [`ext. ${extension || "“”"}`])];
  return [
    element("span", { className: "name" }, name || number || "no name", ...(nameLost ? [marked(nameLost)] : [])),
    element("span", { className: "number" }, ` ${dialled.join(" ")}`),
  ];
}

function marked(nameLost) {
  const told = element("span", { className: "sr-only" }, " and HubSpot cuts off: ");
  return element("del", {}, told, nameLost);
}

const place = (portal) => `picker:connected:${portal}`;

function connectedIn(portal) {
  try {
    return JSON.parse(localStorage.getItem(place(portal))) ?? [];
  } catch {
    return [];
  }
}

const remember = (portal, numbers) => localStorage.setItem(place(portal), JSON.stringify(numbers));
