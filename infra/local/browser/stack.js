// The local stack that the page looks at, as somebody beside the page acts on it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

export const PICKER = `${process.env.HUBSPOT_URL}/`;
export const WEBHOOK = process.env.WEBHOOK_URL;
const APP_ID = process.env.APP_ID;
const HOOK = `${process.env.AWS_ENDPOINT_URL}/2015-03-31/functions/${process.env.HOOK_FUNCTION}/invocations`;
const SETTINGS = `crm/extensions/calling/2026-03/${APP_ID}/settings/channel-connection`;

/** Lets the deploy hook do something: hold, release, status. */
export async function askHook(action) {
  const answer = await fetch(HOOK, { method: "POST", body: JSON.stringify({ action }) });
  return answer.json();
}

/** Has HubSpot hold the stack's own URL, released, and answer as it should. */
export async function putBack() {
  const body = JSON.stringify(null);
  const headers = { "content-type": "application/json" };
  await fetch(`${PICKER}simulator/standing-fault`, { method: "PUT", headers, body });
  assert.equal((await askHook("release")).done, true);
}

/** Calls HubSpot's settings API, as the hook does. */
export async function changeSettings(change) {
  const answer = await fetch(`${PICKER}${SETTINGS}?hapikey=${process.env.HUBSPOT_DEVELOPER_API_KEY}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(change),
  });
  return answer.status;
}

/** Has HubSpot call a webhook that answers every request with this body, while something is done. */
export async function withWebhookThatAnswers(body, act) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.setHeader("content-type", "application/json").end(body));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const url = `http://localhost:${server.address().port}/numbers`;
    assert.equal(await changeSettings({ url, isReady: true }), 200);
    await act(url);
  } finally {
    server.close();
    assert.equal(await changeSettings({ url: WEBHOOK, isReady: true }), 200);
  }
}

/** Starts a second simulator that only calls the stack's webhook, as for a deployed stage. */
export async function withPickerOfDeployedStage(act) {
  const settings = ["--listen", "127.0.0.1:0", "--app-id", APP_ID, "--webhook-url", WEBHOOK];
  const { PATH, HUBSPOT_CLIENT_SECRET } = process.env;
  const simulator = spawn(process.env.SIMULATOR, settings, {
    env: { PATH, HUBSPOT_CLIENT_SECRET },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface(simulator.stdout)[Symbol.asyncIterator]();
    const { value: first } = await lines.next();
    assert.ok(first, "the simulator says where its page is");
    await act(first.replace("The picker page: ", ""));
  } finally {
    simulator.kill();
  }
}
