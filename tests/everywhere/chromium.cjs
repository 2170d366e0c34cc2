// Runs a program that wasm-bindgen made for pages: chromium.cjs PAGE SCRIPT WASM
const { readFileSync } = require("node:fs");
const { chromium } = require("playwright-core");

const [page, script, wasm] = process.argv.slice(2);

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
  try {
    const tab = await browser.newPage();
    // The program goes on after its main function returned; its last request is the report.
    const reported = tab.waitForResponse((response) => response.url().endsWith("/record/everywhere"), { timeout: 20_000 });
    const thrown = new Promise((_, reject) => tab.on("pageerror", reject));
    await tab.goto(page);
    await tab.addScriptTag({ content: readFileSync(script, "utf8") });
    const bytes = readFileSync(wasm).toString("base64");
    await tab.evaluate((bytes) => wasm_bindgen(Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))), bytes);
    await Promise.race([reported, thrown]);
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
