// What the page tells a developer: requests, answers, contract and settings calls.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { DESKTOP, startChromium, visit } from "./page.js";
import { askHook, changeSettings, putBack, WEBHOOK, withWebhookThatAnswers } from "./stack.js";

const GOOD = { e164PhoneNumber: "+18001231234", friendlyName: "Sales" };
let browser;

before(async () => {
  browser = await startChromium();
});
after(() => browser.close());
beforeEach(putBack);

test("request and answer are shown to the letter, and the client secret is not", async () => {
  await visit(browser, async (picker) => {
    await picker.showNumbers();
    await picker.says(/4 numbers in \d+ ms, as HubSpot’s contract says/);
    const body = '{"appId":1234567,"portalId":62515,"userId":4242}';
    await picker.says(`POST ${WEBHOOK}`);
    await picker.says(new RegExp(`^POST${WEBHOOK}${body}\\d{13}$`));
    for (const header of ["x-hubspot-signature-v3", "x-hubspot-request-timestamp", "content-length", "apigw-requestid"]) {
      await picker.page.getByText(header, { exact: true }).first().waitFor();
    }
    await picker.says(/^\{"phoneNumbers":\[\{"e164PhoneNumber":"\+18001231234","friendlyName":"Sales"\},/);
    assert.ok(!(await picker.page.content()).includes(process.env.HUBSPOT_CLIENT_SECRET));
  });
});

for (const [button, verdict] of [
  ["Wrong signature", "Refused with 401, as it must be: a request signed with a wrong secret."],
  ["Stale timestamp", "Refused with 401, as it must be: a request signed ten minutes ago."],
  ["Foreign app", "Refused with 403, as it must be: a request for an app that is not yours."],
]) {
  test(`a request is refused: ${button}`, async () => {
    await visit(browser, async (picker) => {
      await picker.button(button).click();
      await picker.says(verdict);
      await picker.says("x-hubspot-signature-v3");
      await picker.isAccessible();
    });
  });
}

test("a webhook that takes a forged request is told so", async () => {
  await withWebhookThatAnswers(JSON.stringify({ phoneNumbers: [GOOD] }), () =>
    visit(browser, async (picker) => {
      await picker.button("Wrong signature").click();
      await picker.says("Not refused, but answered with 200: a request signed with a wrong secret.");
    }),
  );
});

test("20 requests at once are answered, each with its time", async () => {
  await visit(browser, async (picker) => {
    await picker.button("20 requests at once").click();
    await picker.says(/20 of 20 answered with 200, the slowest in \d+ ms/);
    assert.equal(await picker.page.getByRole("row").count(), 21);
    await picker.isAccessible();
  });
});

for (const [name, answer, violation] of [
  ["a bare array", [GOOD], "the answer is a bare array; it must be an object with phoneNumbers"],
  [
    "e164Number",
    { phoneNumbers: [{ e164Number: "+18001231234", friendlyName: "Sales" }] },
    "phoneNumbers[0].e164Number: the field must be named e164PhoneNumber",
  ],
  [
    "a number that is not E.164",
    { phoneNumbers: [GOOD, { ...GOOD, e164PhoneNumber: "(800) 123-1234" }] },
    "phoneNumbers[1].e164PhoneNumber: must be an E.164 number like +18001231234",
  ],
  [
    "a long name",
    { phoneNumbers: [{ ...GOOD, friendlyName: "Customer success, Europe and Africa" }] },
    "phoneNumbers[0].friendlyName: must have at most 24 characters: HubSpot cuts the rest",
  ],
  [
    "an extension without text",
    { phoneNumbers: [{ ...GOOD, extension: "" }] },
    "phoneNumbers[0].extension: must be left out where there is none, not be an empty text",
  ],
]) {
  test(`a departure from the contract is named: ${name}`, async () => {
    await withWebhookThatAnswers(JSON.stringify(answer), () =>
      visit(browser, async (picker) => {
        await picker.showNumbers();
        await picker.says(violation);
        await picker.says("1 departure from HubSpot’s contract:");
        await picker.isAccessible();
      }),
    );
  });
}

test("a webhook's markup stays text", async () => {
  const name = "<img src=x onerror=1>";
  await withWebhookThatAnswers(JSON.stringify({ phoneNumbers: [{ ...GOOD, friendlyName: name }] }), () =>
    visit(browser, async (picker) => {
      await picker.showNumbers();
      await picker.numbers.getByText(name).waitFor();
      assert.equal(await picker.page.locator("img").count(), 0);
    }),
  );
});

test("settings calls appear as they come in, and what departs from the specification with them", async () => {
  await visit(browser, async (picker) => {
    await picker.isSelectable();
    await askHook("hold");
    await picker.log.getByText("PATCH 200").first().waitFor();
    await picker.says("with isReady=false.");
    assert.equal(await changeSettings({ isReady: false, ready: true }), 200);
    await picker.log.getByText("the request's ready is not specified").waitFor();
    await picker.isAccessible();
  });
});

test("what the settings API is told to answer, the stack meets", async () => {
  await visit(browser, async (picker) => {
    await picker.answersWith("401");
    assert.match((await askHook("status")).outcome, /401/);
    await picker.log.getByText("GET 401").first().waitFor();
    await picker.says("Every call from now on: 401.");
    await picker.isAccessible();

    await picker.answersWith("Slowly (2 s)");
    assert.equal((await askHook("status")).done, true);
    await picker.log.getByText("GET 200 (2000 ms late)").first().waitFor();
  });
});

for (const status of ["429", "500"]) {
  test(`the stack stands a settings API that answers ${status} for a while`, async () => {
    await visit(browser, async (picker) => {
      await picker.answersWith(status);
      const report = askHook("status");
      await picker.log.getByText(`GET ${status}`).first().waitFor();
      await picker.answersWith("As it should");
      assert.equal((await report).done, true);
    });
  });
}

test("a screenshot for the README", async () => {
  const names = ["Sales", "Front desk", "Customer success, Europe and Africa", "London"];
  const [sales, frontDesk, long, london] = names.map((friendlyName) => ({ friendlyName }));
  const phoneNumbers = [
    { e164PhoneNumber: "+18001231234", ...sales },
    { e164PhoneNumber: "+18001231235", extension: "1", ...frontDesk },
    { e164PhoneNumber: "+18001231236", ...long },
    { e164PhoneNumber: "+442079460123", ...london },
  ];
  await withWebhookThatAnswers(JSON.stringify({ phoneNumbers }), () =>
    visit(browser, async (picker) => {
      await picker.showNumbers();
      await picker.page.getByRole("radio", { name: "Sales" }).check();
      await picker.button("Connect number").click();
      await picker.page.setViewportSize(DESKTOP);
      await picker.page.screenshot({ path: process.env.SCREENSHOT });
    }),
  );
});
