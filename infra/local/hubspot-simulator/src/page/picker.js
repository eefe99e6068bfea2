// The steps in which HubSpot's user connects a number.

import { byId, element } from "./element.js";
import { showExchange, showOutcomes, tellWaiting } from "./exchange.js";
import { connect, hideNumbers, selectedNumber, showConnected, showNumbers } from "./numbers.js";
import { makeFaultButtons, showSettings } from "./settings.js";
import { callWebhook, callWebhookAtOnce, follow } from "./simulator.js";

// HubSpot's own name for it.
const FLAG = "LocalSettings:Calling:supportsChannelConnection";
let account = null;
let listed = null;

const who = () => ({ portal: byId("portal").value, user: byId("user").value });
const hasFlag = () => localStorage.getItem(FLAG) === "true";

function showAccount(state) {
  account = state;
  byId("source").replaceChildren(...sourceInWords());
  byId("app").textContent = `app ${account.appId}`;
  byId("settings").hidden = account.deployedUrl !== null;
  showProvider();
  showSettings(account);
}

function sourceInWords() {
  const { deployedUrl, settings } = account;
  if (deployedUrl !== null) {
    return ["Calling the deployed webhook ", element("code", {}, deployedUrl), ". Nothing is registered, only called."];
  }
  if (settings === null) return ["No webhook is registered with the simulated HubSpot."];
  const isReady = element("strong", {}, `isReady=${settings.isReady}`);
  return ["The simulated HubSpot holds ", element("code", {}, settings.url), " with ", isReady, "."];
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

function forgetList() {
  listed = null;
  hideNumbers();
  const { portal, user } = who();
  localStorage.setItem("picker:who", JSON.stringify({ portal, user }));
  showConnected(portal, redraw);
}

function redraw(disconnected) {
  const { portal } = who();
  showConnected(portal, redraw);
  if (listed) showNumbers(portal, listed);
  if (disconnected) tell(`${disconnected.number} is no longer connected.`);
}

/** Tells a screen reader what everybody else sees. */
function tell(text) {
  byId("told").textContent = text;
}

async function ask(misbehaviour) {
  if (!byId("portal").reportValidity() || !byId("user").reportValidity()) return null;
  tellWaiting("Calling the webhook …");
  try {
    const report = await callWebhook(who(), misbehaviour);
    showExchange(report, misbehaviour);
    return report;
  } catch {
    showExchange({ message: "the simulator does not answer" });
    return null;
  }
}

async function openList(event) {
  event.preventDefault();
  const asked = who();
  const report = await ask();
  if (!report || JSON.stringify(asked) !== JSON.stringify(who())) return;
  listed = report;
  redraw();
}

function connectSelected(event) {
  event.preventDefault();
  const number = selectedNumber(listed);
  if (!number) return;
  connect(who().portal, number);
  redraw();
  tell(`${number.number} is connected.`);
}

async function askAtOnce() {
  tellWaiting("Calling the webhook 20 times at once …");
  try {
    showOutcomes(await callWebhookAtOnce(who(), 20));
  } catch {
    showOutcomes({ message: "the simulator does not answer" });
  }
}

function toggleFlag() {
  if (hasFlag()) localStorage.removeItem(FLAG);
  else localStorage.setItem(FLAG, "true");
  showProvider();
}

function restoreWho() {
  try {
    const { portal, user } = JSON.parse(localStorage.getItem("picker:who"));
    byId("portal").value = portal;
    byId("user").value = user;
  } catch {
    // The first visit: the sample portal stands there already.
  }
}

restoreWho();
forgetList();
makeFaultButtons();
byId("opening").addEventListener("submit", openList);
byId("opening").addEventListener("input", forgetList);
byId("connecting").addEventListener("submit", connectSelected);
byId("flag").addEventListener("click", toggleFlag);
byId("many").addEventListener("click", askAtOnce);
for (const button of document.querySelectorAll("[data-misbehaviour]")) {
  button.addEventListener("click", () => ask(button.dataset.misbehaviour));
}
// The flag may be set in another tab, or in this one's console.
window.addEventListener("storage", showProvider);
window.addEventListener("focus", showProvider);
follow(showAccount, (text) => {
  byId("link").textContent = text;
});
