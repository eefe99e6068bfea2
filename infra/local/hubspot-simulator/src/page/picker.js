// The steps in which a customer connects a number.

import { byId, count, element, send } from "./page.js";
import { showExchange, showLoad, showSettings, showVerdict } from "./requests.js";

// HubSpot's own name for it.
const FLAG = "LocalSettings:Calling:supportsChannelConnection";
const MAX_SHOWN = 1_000;
let account = null;
let listed = null;

const fields = () => JSON.stringify([byId("portal").value, byId("user").value]);
const hasFlag = () => localStorage.getItem(FLAG) === "true";
const say = (text) => (byId("told").textContent = text);

function showAccount(state) {
  account = state;
  byId("source").replaceChildren(...source(account));
  byId("app").textContent = `app ${account.appId}`;
  byId("settings").hidden = account.deployedUrl !== null;
  showProvider();
  showSettings(account);
}

function source({ deployedUrl, settings }) {
  if (deployedUrl !== null) {
    return ["Calling the deployed webhook ", element("code", {}, deployedUrl), ". Nothing is registered, only called."];
  }
  if (settings === null) return ["No webhook is registered with the simulated HubSpot. Deploy your stack to register it."];
  const isReady = element("strong", {}, `isReady=${settings.isReady}`);
  return ["Simulated HubSpot, registered webhook ", element("code", {}, settings.url), ", ", isReady];
}

function showProvider() {
  if (account === null) return;
  const [isSelectable, reason] = selectable(account);
  byId("flag-state").textContent = hasFlag() ? "set" : "not set";
  byId("flag").textContent = hasFlag() ? "Remove the flag here" : "Set the flag here";
  byId("provider").disabled = !isSelectable;
  byId("show").disabled = !isSelectable;
  if (!isSelectable) byId("provider").checked = false;
  byId("provider-reason").textContent = reason;
}

/** Returns whether a user can select the app, and why. */
function selectable({ deployedUrl, settings }) {
  if (deployedUrl === null && settings === null) return [false, "Greyed out: no webhook is registered."];
  if (settings?.isReady) return [true, "Selectable by everybody: isReady is true."];
  const why = settings ? "isReady is false" : "isReady is not known here";
  if (hasFlag()) return [true, `Selectable in this browser: the flag is set, while ${why}.`];
  return [false, `Greyed out: ${why}, and this browser has no flag.`];
}

function toggleFlag() {
  if (hasFlag()) localStorage.removeItem(FLAG);
  else localStorage.setItem(FLAG, "true");
  showProvider();
}

/** Returns portal and user, or null once the browser has said which of them is not an id. */
function who() {
  const inputs = [byId("portal"), byId("user")];
  if (!inputs.every((input) => input.reportValidity())) return null;
  // Ids go up to 2^63, beyond JavaScript's exact numbers.
  const [portalId, userId] = inputs.map((input) => JSON.rawJSON(input.value));
  return { portalId, userId };
}

async function call({ fault, faultText } = {}) {
  const ids = who();
  if (!ids) return null;
  showVerdict("", "Calling the webhook …");
  const report = await send("POST", "call", { ...ids, fault });
  showExchange(report, faultText);
  return report;
}

async function callManyTimes() {
  const ids = who();
  if (!ids) return;
  showVerdict("", "Calling the webhook 20 times at once …");
  showLoad(await send("POST", "calls", { ...ids, times: 20 }));
}

async function openList(event) {
  event.preventDefault();
  const asked = fields();
  const report = await call();
  // The response may come after the fields have changed.
  if (asked !== fields()) return;
  listed = report;
  showLists();
}

function changeWho() {
  localStorage.setItem("picker:who", fields());
  listed = null;
  say("");
  showLists();
}

function showLists() {
  showConnected();
  byId("connecting").hidden = listed === null;
  if (listed === null) return;
  const numbers = listed.shown ?? [];
  const connected = connectedNumbers().map(({ number }) => number);
  byId("numbers-told").textContent = summary(numbers);
  byId("numbers").replaceChildren(
    ...numbers.slice(0, MAX_SHOWN).map((number, at) => choice(number, at, connected.includes(number.number))),
  );
  byId("connect").hidden = !byId("numbers").querySelector("input:enabled");
}

function summary(numbers) {
  const { response, message } = listed;
  if (!response) return `No list: ${message}.`;
  if (response.status !== 200) return `No list: the webhook answered with ${response.status}.`;
  if (!numbers.length) return "The list is empty.";
  return numbers.length > MAX_SHOWN ? `The first ${MAX_SHOWN} of ${numbers.length} numbers.` : `${count(numbers.length, "number")}.`;
}

function choice(number, at, isConnected) {
  const reason = isConnected ? "It is connected already." : number.notSelectable;
  const radio = element("input", { type: "radio", name: "number", value: at, required: true, disabled: Boolean(reason) });
  const label = element("label", { className: "choice" }, radio, element("span", {}, ...described(number)));
  if (!reason) return element("li", {}, label);
  radio.setAttribute("aria-describedby", `reason-${at}`);
  return element("li", {}, label, element("p", { id: `reason-${at}`, className: "reason" }, reason));
}

function described({ number, extension, name, nameLost }) {
  const dialled = typeof extension === "string" ? ` ext. ${extension || "“”"}` : "";
  const hidden = element("span", { className: "sr-only" }, " and HubSpot cuts off: ");
  return [
    element("span", { className: "name" }, name || number || "no name", ...(nameLost ? [element("del", {}, hidden, nameLost)] : [])),
    element("span", { className: "number" }, ` ${number || "no number"}${dialled}`),
  ];
}

function showConnected() {
  byId("connected-portal").textContent = byId("portal").value;
  const connected = connectedNumbers().map((one) => {
    const button = element("button", { type: "button", onclick: () => disconnect(one) }, "Disconnect");
    button.setAttribute("aria-label", `Disconnect ${one.number}`);
    return element("li", { className: "row" }, element("span", {}, ...described(one)), button);
  });
  const none = element("li", { className: "quiet" }, "No number yet.");
  byId("connected").replaceChildren(...(connected.length ? connected : [none]));
}

function connectSelected(event) {
  event.preventDefault();
  const selected = byId("numbers").querySelector("input:checked");
  const { number, name } = listed.shown[Number(selected.value)];
  rememberConnected([...connectedNumbers(), { number, name }]);
  showLists();
  say(`${number} is connected.`);
  byId("connected").querySelector("li:last-child button").focus();
}

function disconnect({ number }) {
  rememberConnected(connectedNumbers().filter((one) => one.number !== number));
  showLists();
  say(`${number} is no longer connected.`);
  const at = listed?.shown?.findIndex((one) => one.number === number) ?? -1;
  const radio = byId("numbers").querySelector(`input[value="${at}"]:enabled`);
  (byId("connecting").hidden || !radio ? byId("told") : radio).focus();
}

const stored = (name) => JSON.parse(localStorage.getItem(name));
const place = () => `picker:connected:${byId("portal").value}`;
const connectedNumbers = () => stored(place()) ?? [];
const rememberConnected = (numbers) => localStorage.setItem(place(), JSON.stringify(numbers));

[byId("portal").value, byId("user").value] = stored("picker:who") ?? [byId("portal").value, byId("user").value];
showLists();
byId("opening").addEventListener("submit", openList);
byId("opening").addEventListener("input", changeWho);
byId("connecting").addEventListener("submit", connectSelected);
byId("flag").addEventListener("click", toggleFlag);
byId("many").addEventListener("click", callManyTimes);
for (const button of document.querySelectorAll("[data-fault]")) {
  button.addEventListener("click", () => call(button.dataset));
}
for (const button of document.querySelectorAll("[data-standing]")) {
  button.addEventListener("click", () => send("PUT", "standing-fault", JSON.parse(button.dataset.standing)));
}
// The flag may be set in another tab, or in this one's console.
window.addEventListener("storage", showProvider);
window.addEventListener("focus", showProvider);
const events = new EventSource("simulator/events");
events.onopen = () => {
  byId("link").textContent = "";
  // Numbers of calls start again when the simulator does.
  byId("log").replaceChildren();
};
events.onerror = () => (byId("link").textContent = "The simulator does not answer. Trying again …");
events.onmessage = (event) => showAccount(JSON.parse(event.data));
