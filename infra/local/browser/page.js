// The picker page in Chromium without a window, and what must hold of it in every state.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { PICKER } from "./stack.js";

// What `make browser-test` fetched lies outside the source.
const fetched = createRequire(`${process.env.BROWSER_MODULES}/`);
const { chromium } = fetched("playwright-core");
const axe = fetched("axe-core");

export const DESKTOP = { width: 1280, height: 1000 };
const PHONE = { width: 360, height: 740 };

export const startChromium = () => chromium.launch({ executablePath: process.env.CHROMIUM });

/** Opens the page as a new visitor, does something with it, and holds it to what it must never do. */
export async function visit(browser, act, url = PICKER) {
  const context = await browser.newContext({ viewport: DESKTOP, colorScheme: "light" });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !asked.startsWith("data:")) faults.push(`a request to ${asked}`);
  });
  try {
    await page.goto(url);
    await act(new Picker(page));
    assert.deepEqual(faults, [], "the page logs no error and asks nobody but the simulator");
  } finally {
    await context.close();
  }
}

/** The page by what its user finds on it. */
class Picker {
  constructor(page) {
    this.page = page;
    this.provider = page.getByRole("radio", { name: "Your calling app" });
    this.verdict = page.locator("#verdict");
    this.numbers = page.locator("#numbers li");
    this.connected = page.locator("#connected");
    this.log = page.getByRole("log", { name: "Calls of it, live" });
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** Waits until something is said anywhere on the page. */
  says(text) {
    return this.page.getByText(text).first().waitFor();
  }

  isGreyedOut() {
    return this.page.getByRole("radio", { name: "Your calling app", disabled: true }).waitFor();
  }

  isSelectable() {
    return this.page.getByRole("radio", { name: "Your calling app", disabled: false }).waitFor();
  }

  async showNumbers() {
    await this.provider.check();
    await this.button("Show numbers").click();
  }

  /** Has HubSpot's settings API answer as a button says, from now on. */
  async answersWith(name) {
    await this.button(name).click();
    await this.page.getByRole("button", { name, exact: true, pressed: true }).waitFor();
  }

  /** Holds the page to axe's rules, on a desk and on a phone, by day and by night. */
  async isAccessible() {
    for (const viewport of [DESKTOP, PHONE]) {
      await this.page.setViewportSize(viewport);
      await this.fitsItsWidth();
      for (const colorScheme of ["light", "dark"]) {
        await this.page.emulateMedia({ colorScheme });
        assert.deepEqual(await this.axeViolations(), [], `${viewport.width} px, ${colorScheme}`);
      }
    }
    await this.page.setViewportSize(DESKTOP);
    await this.page.emulateMedia({ colorScheme: "light" });
  }

  async axeViolations() {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate(() => window.axe.run());
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
  }

  async fitsItsWidth() {
    const { scrollWidth, clientWidth } = await this.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    assert.ok(scrollWidth <= clientWidth, `nothing stands out at ${clientWidth} px`);
  }
}
