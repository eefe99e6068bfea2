// A user connects a number, from the greyed-out provider to the number that stays connected.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startChromium, visit } from "./page.js";
import { askHook, PICKER, putBack, WEBHOOK, withPickerOfDeployedStage, withWebhookThatAnswers } from "./stack.js";

const FLAG = "window.localStorage.setItem('LocalSettings:Calling:supportsChannelConnection', true)";
let browser;

before(async () => {
  browser = await startChromium();
});
after(() => browser.close());
beforeEach(putBack);

test("the provider is greyed out until the flag is set", async () => {
  await askHook("hold");
  await visit(browser, async (picker) => {
    await picker.isGreyedOut();
    await picker.says("Greyed out: isReady is false, and this browser has no flag.");
    assert.ok(await picker.button("Show numbers").isDisabled());
    await picker.page.getByText("Flag in local storage").click();
    await picker.says(FLAG);
    await picker.isAccessible();

    await picker.button("Set the flag here").click();
    await picker.isSelectable();
    await picker.isAccessible();
    await picker.showNumbers();
    await picker.says("4 numbers.");

    await picker.button("Remove the flag here").click();
    await picker.isGreyedOut();
  });
});

test("the line for HubSpot's console sets the flag here too", async () => {
  await askHook("hold");
  await visit(browser, async (picker) => {
    await picker.isGreyedOut();
    await picker.page.evaluate(FLAG);
    await picker.page.reload();
    await picker.isSelectable();
  });
});

test("once released, the provider is selectable without the flag, and at once", async () => {
  await askHook("hold");
  await visit(browser, async (picker) => {
    await picker.isGreyedOut();
    await askHook("release");
    await picker.isSelectable();
    await picker.says("Selectable by everybody: isReady is true.");
    await askHook("hold");
    await picker.isGreyedOut();
  });
});

test("a number is connected, and stays so", async () => {
  await visit(browser, async (picker) => {
    await picker.showNumbers();
    await picker.says("4 numbers.");
    await picker.isAccessible();

    await picker.page.getByRole("radio", { name: "London +442079460123" }).check();
    await picker.button("Connect number").click();
    await picker.connected.getByText("+442079460123").waitFor();
    await picker.says("It is connected already.");
    await picker.isAccessible();

    await picker.page.reload();
    await picker.connected.getByText("+442079460123").waitFor();
    await picker.page.getByLabel("Portal id").fill("62516");
    await picker.connected.getByText("No number yet.").waitFor();
    await picker.page.getByLabel("Portal id").fill("62515");
    await picker.button("Disconnect +442079460123").click();
    await picker.connected.getByText("No number yet.").waitFor();
  });
});

test("each user sees what is for them, and an unknown portal nothing", async () => {
  await visit(browser, async (picker) => {
    await picker.page.getByLabel("User id").fill("7");
    await picker.showNumbers();
    await picker.says("Only for user 7");
    await picker.page.getByLabel("Portal id").fill("62516");
    await picker.button("Show numbers").click();
    await picker.says("The list is empty.");
    await picker.isAccessible();
  });
});

test("a number with an extension is shown with the reason it cannot be selected", async () => {
  await visit(browser, async (picker) => {
    await picker.showNumbers();
    const frontDesk = picker.page.getByRole("radio", { name: "Front desk +18001231235 ext. 1", disabled: true });
    await frontDesk.waitFor();
    const reason = await frontDesk.getAttribute("aria-describedby");
    assert.equal(
      await picker.page.locator(`#${reason}`).textContent(),
      "HubSpot lets no user select a number with an extension.",
    );
  });
});

test("a long name is cut at 24 characters, and what is lost is marked", async () => {
  const long = { e164PhoneNumber: "+18001231236", friendlyName: "Customer success, Europe and Africa" };
  await withWebhookThatAnswers(JSON.stringify({ phoneNumbers: [long] }), () =>
    visit(browser, async (picker) => {
      await picker.showNumbers();
      await picker.numbers.locator("del", { hasText: "and Africa" }).waitFor();
      const name = "Customer success, Europe and HubSpot cuts off: and Africa +18001231236";
      await picker.page.getByRole("radio", { name, disabled: false }).waitFor();
      await picker.isAccessible();
    }),
  );
});

test("all of it works with the keyboard alone", async () => {
  await visit(browser, async (picker) => {
    await picker.isSelectable();
    const { keyboard } = picker.page;
    const focus = () => picker.page.evaluate(() => document.activeElement.id || document.activeElement.value);
    const tabTo = async (id) => {
      await keyboard.press("Tab");
      assert.equal(await focus(), id);
    };
    await tabTo("portal");
    await tabTo("user");
    await tabTo("provider");
    await keyboard.press("Space");
    await keyboard.press("Tab");
    await tabTo("show");
    await keyboard.press("Enter");
    await picker.numbers.first().waitFor();
    await keyboard.press("Tab");
    await keyboard.press("ArrowDown");
    await keyboard.press("ArrowDown");
    await tabTo("connect");
    await keyboard.press("Enter");
    await picker.connected.getByText("+442079460123").waitFor();
  });
});

test("a deployed stage is called without being registered anywhere", async () => {
  await withPickerOfDeployedStage((url) =>
    visit(
      browser,
      async (picker) => {
        await picker.says(`Calling the deployed webhook ${WEBHOOK}. Nothing is registered, only called.`);
        await picker.says("Greyed out: isReady is not known here, and this browser has no flag.");
        assert.ok(await picker.log.isHidden());
        await picker.page.evaluate(FLAG);
        await picker.page.reload();
        await picker.showNumbers();
        await picker.says("4 numbers.");
        await picker.isAccessible();
        assert.notEqual(url, PICKER);
      },
      url,
    ),
  );
});
