// The steps in which a customer connects a number.

import { byId, callWebhook, callWebhookAtOnce, count, element, follow } from "./page.js";
import { makeFaultButtons, showExchange, showLoad, showSettings, showWaiting } from "./requests.js";

// HubSpot's own name for it.
const FLAG = "LocalSettings:Calling:supportsChannelConnection";
const MAX_ID = 2n ** 63n - 1n;
const MAX_SHOWN = 1_000;
let account = null;
let listed = null;

const portal = () => byId("portal").value.trim();
const fields = () => JSON.stringify([portal(), byId("user").value]);
const hasFlag = () => localStorage.getItem(FLAG) === "true";

function showAccount(state) {
  account = state;
  byId("source").replaceChildren(...source());
  byId("app").textContent = `app ${account.appId}`;
  byId("settings").hidden = account.deployedUrl !== null;
  showProvider();
  showSettings(account);
}

function source() {
  const { deployedUrl, settings } = account;
  if (deployedUrl !== null) {
    return ["Calling the deployed webhook ", element("code", {}, deployedUrl), ". Nothing is registered, only called."];
  }
  if (settings === null) return ["No webhook is registered with the simulated HubSpot. Deploy your stack to register it."];
  const isReady = element("strong", {}, `isReady=${settings.isReady}`);
  return ["Simulated HubSpot, registered webhook ", element("code", {}, settings.url), ", ", isReady];
}

function showProvider() {
  if (account === null) return;
  const { deployedUrl, settings } = account;
  const isReady = settings?.isReady === true;
  const isThere = deployedUrl !== null || settings !== null;
  byId("flag-state").textContent = hasFlag() ? "set" : "not set";
  byId("flag").textContent = hasFlag() ? "Remove the flag here" : "Set the flag here";
  const provider = byId("provider");
  provider.disabled = !isThere || !(isReady || hasFlag());
  if (provider.disabled) provider.checked = false;
  byId("show").disabled = provider.disabled;
  byId("provider-reason").textContent = providerReason(isThere, isReady, deployedUrl !== null);
}

function providerReason(isThere, isReady, isDeployed) {
  if (!isThere) return "Greyed out: no webhook is registered.";
  if (isReady) return "Selectable by everybody: isReady is true.";
  const why = isDeployed ? "isReady is not known here" : "isReady is false";
  return hasFlag() ? `Selectable in this browser: the flag is set, while ${why}.` : `Greyed out: ${why}, and this browser has no flag.`;
}

function toggleFlag() {
  if (hasFlag()) localStorage.removeItem(FLAG);
  else localStorage.setItem(FLAG, "true");
  showProvider();
}

/** Returns portal and user, or null once it has said which of them is not an id. */
function who() {
  const invalid = [byId("portal"), byId("user")].filter((input) => !isValid(input));
  invalid[0]?.focus();
  return invalid.length ? null : { portal: BigInt(portal()), user: BigInt(byId("user").value) };
}

function isValid(input) {
  const text = input.value.trim();
  const valid = /^[0-9]+$/.test(text) && BigInt(text) > 0n && BigInt(text) <= MAX_ID;
  input.setAttribute("aria-invalid", !valid);
  byId(`${input.id}-error`).textContent = valid ? "" : `Enter a whole number from 1 to ${MAX_ID}.`;
  return valid;
}

async function send(fault) {
  const asked = who();
  if (!asked) return null;
  showWaiting("Calling the webhook …");
  const report = await callWebhook(asked, fault);
  showExchange(report, fault);
  return report;
}

async function sendMany() {
  const asked = who();
  if (!asked) return;
  showWaiting("Calling the webhook 20 times at once …");
  showLoad(await callWebhookAtOnce(asked, 20));
}

async function openList(event) {
  event.preventDefault();
  if (!who() || !byId("provider").reportValidity()) return;
  const asked = fields();
  const report = await send();
  // The response may come after the fields have changed.
  if (asked !== fields()) return;
  listed = report;
  showLists();
}

function changeWho({ target }) {
  if (target.getAttribute("aria-invalid") === "true") isValid(target);
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
  const note = reason && element("p", { id: `reason-${at}`, className: "reason" }, reason);
  if (note) radio.setAttribute("aria-describedby", note.id);
  return element("li", {}, label, ...(note ? [note] : []));
}

function described({ number, extension, name, nameLost }) {
  const dialled = [number || "no number", ...(extension === null || extension === undefined ? [] : [`ext. ${extension || "“”"}`])];
  return [
    element("span", { className: "name" }, name || number || "no name", ...(nameLost ? [lost(nameLost)] : [])),
    element("span", { className: "number" }, ` ${dialled.join(" ")}`),
  ];
}

function lost(nameLost) {
  return element("del", {}, element("span", { className: "sr-only" }, " and HubSpot cuts off: "), nameLost);
}

function showConnected() {
  byId("connected-portal").textContent = portal();
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
  if (!selected) return;
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

function say(text) {
  byId("told").textContent = text;
}

const place = () => `picker:connected:${portal()}`;

function connectedNumbers() {
  return stored(place()) ?? [];
}

const rememberConnected = (numbers) => localStorage.setItem(place(), JSON.stringify(numbers));

function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

[byId("portal").value, byId("user").value] = stored("picker:who") ?? [byId("portal").value, byId("user").value];
showLists();
makeFaultButtons();
byId("opening").addEventListener("submit", openList);
byId("opening").addEventListener("input", changeWho);
byId("connecting").addEventListener("submit", connectSelected);
byId("flag").addEventListener("click", toggleFlag);
byId("many").addEventListener("click", sendMany);
for (const button of document.querySelectorAll("[data-fault]")) {
  button.addEventListener("click", () => send(button.dataset.fault));
}
// The flag may be set in another tab, or in this one's console.
window.addEventListener("storage", showProvider);
window.addEventListener("focus", showProvider);
follow(showAccount, (text) => {
  byId("link").textContent = text;
});
