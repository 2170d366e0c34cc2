// The page www/index.html in real headless Chromium, as the test server serves it next to the package.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { refused, server } from "./server.mjs";

// Found by NODE_PATH, which `import` does not read.
const { chromium } = createRequire(import.meta.url)("playwright-core");

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

let base, stop, browser, page, problems;

before(async () => {
  ({ base, stop } = await server());
  const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  browser = await chromium.launch({ executablePath, args: FLAGS });
});

after(async () => {
  await browser?.close();
  stop?.();
});

async function open() {
  await page?.close();
  page = await browser.newPage();
  problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`${base}/www/index.html`);
}

/** Fills in the form and waits for the outcome. */
async function send({ method = "GET", url, headers = "", body = "", timeout = 5_000 }) {
  await open();
  await page.selectOption("#method", method);
  if (url !== undefined) await page.fill("#url", url);
  await page.fill("#headers", headers);
  await page.fill("#body", body);
  await page.fill("#timeout", String(timeout));
  await page.click("#send");
}

async function outcome() {
  await page.waitForSelector("#outcome[data-state=done], #outcome[data-state=failed]", { timeout: 15_000 });
  const shown = (id) => page.textContent(id);
  return {
    state: await page.getAttribute("#outcome", "data-state"),
    status: await shown("#status"),
    facts: await shown("#facts"),
    headers: await shown("#response-headers"),
    body: await shown("#response-body"),
  };
}

test("the page shows a response with status, headers, body and time", async () => {
  await send({});
  const shown = await outcome();
  assert.equal(shown.status, "200 OK");
  assert.match(shown.facts, /^\d+\.\d ms · \d+ bytes · http/);
  assert.match(shown.headers, /content-typeapplication\/json/);
  const echo = JSON.parse(shown.body);
  assert.equal(echo.method, "GET");
  assert.equal(echo.target, "/anything/playground?from=whimbrel");
  assert.deepEqual(problems, []);
});

test("the page sends method, headers and body", async () => {
  await send({ method: "POST", url: `${base}/anything`, headers: "x-page: yes\ncontent-type: text/plain", body: "grüße" });
  const echo = JSON.parse((await outcome()).body);
  assert.deepEqual([echo.method, echo.body], ["POST", "grüße"]);
  assert.deepEqual(echo.headers.filter(([name]) => ["x-page", "content-type"].includes(name)).sort(), [["content-type", "text/plain"], ["x-page", "yes"]]);
});

test("the page shows an unsuccessful status as a response", async () => {
  await send({ url: `${base}/status/418` });
  const shown = await outcome();
  assert.deepEqual([shown.state, shown.status.slice(0, 3)], ["done", "418"]);
});

test("the page shows errors by their class and kind", async () => {
  const cases = [
    [{ url: await refused() }, "ConnectError", "Connect"],
    [{ url: `${base}/delay/5000`, timeout: 200 }, "ReadTimeout", "ReadTimeout"],
    [{ url: "/relative" }, "UnsupportedProtocol", "UnsupportedProtocol"],
    [{ url: "http://[" }, "InvalidURL", "InvalidUrl"],
    [{ url: `${base}/anything`, headers: "user-agent: mine" }, "UnsupportedOnPlatform", "Unsupported"],
  ];
  for (const [request, name, kind] of cases) {
    await send(request);
    const shown = await outcome();
    assert.deepEqual([shown.state, shown.status], ["failed", name], shown.body);
    assert.ok(shown.facts.startsWith(`kind ${kind} `), shown.facts);
  }
});

test("the page's abort button ends the request", async () => {
  await send({ url: `${base}/hang`, timeout: 60_000 });
  await page.click("#abort");
  assert.equal((await outcome()).status, "AbortError");
});

/** Runs with the package on the page. */
async function withPackage(program, argument) {
  await open();
  return page.evaluate(`import("/pkg/index.js").then((whimbrel) => (${program})(whimbrel, ${JSON.stringify(argument)}))`);
}

test("a browser follows redirects, and says that it cannot leave them or send cookies", async () => {
  const seen = await withPackage(async ({ Client, get }, base) => {
    const kind = (promise) => promise.then(() => "none", (error) => error.kind);
    const response = await get(`${base}/redirect/2`);
    const make = async (options) => new Client(options);
    return [response.url, response.history.length, await kind(get(base, { followRedirects: false })), await kind(make({ cookies: { a: "b" } }))];
  }, base);
  assert.deepEqual(seen, [`${base}/anything`, 0, "Unsupported", "Unsupported"]);
});

test("a browser streams a response and leaves it early", async () => {
  const lines = await withPackage(async ({ stream }, base) => {
    const lines = [];
    for await (const line of (await stream("GET", `${base}/slow?chunks=50&interval=50`)).lines()) {
      lines.push(line);
      if (lines.length === 2) break;
    }
    return lines;
  }, base);
  assert.deepEqual(lines, ["chunk 0", "chunk 1"]);
});

test("host names beyond ASCII are the browser's to read", async () => {
  const text = await withPackage(async ({ Client }) => {
    const client = new Client({ fetch: (url) => Promise.resolve(new Response(url)) });
    return (await client.get("http://bücher.example/")).text();
  });
  assert.equal(text, "http://xn--bcher-kva.example/");
});

test("a policy without wasm-unsafe-eval is an InitError that names it", async () => {
  await open();
  await page.route("**/www/csp.html", (route) => {
    const headers = { "content-type": "text/html", "content-security-policy": "script-src 'self' 'unsafe-inline'" };
    const script = 'import { Client } from "/pkg/index.js"; try { new Client(); document.title = "made"; } catch (error) { document.title = `${error.name} ${error.code} ${error.message}`; }';
    route.fulfill({ status: 200, headers, body: `<title></title><script type="module">${script}</script>` });
  });
  await page.goto(`${base}/www/csp.html`);
  await page.waitForFunction(() => document.title !== "");
  assert.match(await page.title(), /^InitError ERR_WASM_DISALLOWED .*wasm-unsafe-eval/);
});
