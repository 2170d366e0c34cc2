// The package in Node: imported by its name, without an init call, against the loopback test server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import * as whimbrel from "whimbrel";
import { Client, basic, bearer, delete as del, get, head, post, request, stream } from "whimbrel";

import { refused, server } from "./server.mjs";

let base, stop;
before(async () => ({ base, stop } = await server()));
after(() => stop());

const echo = async (promise) => (await promise).raiseForStatus().json();
const field = (echo, name) => echo.headers.find(([known]) => known === name)?.[1];

async function fails(promise, expected, kind) {
  const error = await promise.then(() => assert.fail("it succeeded"), (error) => error);
  assert.ok(error instanceof expected, `${error?.stack ?? error} is no ${expected.name}`);
  assert.ok(error instanceof whimbrel.WhimbrelError);
  assert.equal(error.name, expected.name);
  assert.equal(error.kind, kind);
  return error;
}

test("a request needs no init call and its response nothing to await", async () => {
  const response = await get(`${base}/html`);
  assert.equal(response.status, 200);
  assert.equal(response.statusText, "OK");
  assert.equal(response.url, `${base}/html`);
  assert.match(response.headers.get("content-type"), /^text\/html/);
  assert.match(response.text(), /<html|<!doctype/i);
  assert.equal(response.bytes().byteLength, Number(response.headers.get("content-length")));
  assert.ok(response.elapsed > 0 && response.elapsed < 5_000);
  assert.deepEqual(response.history, []);
  assert.ok(response.ok && !response.isRedirect && !response.isClientError && !response.isServerError);
});

test("every verb sends its method", async () => {
  const client = new Client({ baseUrl: base });
  for (const verb of ["get", "options", "post", "put", "patch", "delete"]) {
    assert.equal((await echo(client[verb]("/anything"))).method, verb.toUpperCase());
  }
  assert.equal((await client.head("/anything")).bytes().byteLength, 0);
  assert.equal((await echo(del(`${base}/anything`))).method, "DELETE");
  assert.equal((await head(`${base}/anything`)).status, 200);
  assert.equal((await echo(request("query", `${base}/anything`))).method, "QUERY");
});

test("params are objects, lists, pairs and queries, and replace the URL's query", async () => {
  const args = async (params) => (await echo(get(`${base}/anything?old=1`, { params }))).args;
  assert.deepEqual(await args({ a: [1, "b c"], d: true, e: null, f: undefined }), [["a", "1"], ["a", "b c"], ["d", "true"], ["e", ""]]);
  assert.deepEqual(await args(new URLSearchParams("a=1&a=ä")), [["a", "1"], ["a", "ä"]]);
  assert.deepEqual(await args([["a", 1]]), [["a", "1"]]);
  assert.deepEqual(await args("a=1&b=2"), [["a", "1"], ["b", "2"]]);
  assert.deepEqual(await args({}), []);
  assert.deepEqual(await args(undefined), [["old", "1"]]);
});

test("a client's base URL, params, headers and cookies go with every request", async () => {
  const options = { baseUrl: `${base}/anything/v1`, params: { key: "v" }, headers: { "x-app": "1", accept: "text/plain" }, cookies: { a: "b" } };
  const client = new Client(options);
  const sent = await echo(client.get("/users", { params: { q: "2" }, headers: { "X-App": "3" }, cookies: { c: "d" } }));
  assert.equal(sent.target, "/anything/v1/users?key=v&q=2");
  assert.equal(field(sent, "x-app"), "3");
  assert.equal(field(sent, "accept"), "text/plain");
  assert.equal(field(sent, "cookie"), "a=b; c=d");
  assert.equal(field(sent, "user-agent"), "whimbrel/0.1.0");
});

test("json, text, bytes, forms and Blobs are bodies", async () => {
  const sent = (options) => echo(post(`${base}/post`, options));
  const json = await sent({ json: { name: "Brachvögel", list: [1, null] } });
  assert.deepEqual(json.json, { name: "Brachvögel", list: [1, null] });
  assert.equal(field(json, "content-type"), "application/json");
  assert.equal(field(await sent({ json: 1, headers: { "Content-Type": "application/x" } }), "content-type"), "application/x");

  const text = await sent({ content: "grüße" });
  assert.equal(text.body, "grüße");
  assert.equal(field(text, "content-type"), undefined);
  assert.equal((await sent({ content: new Uint8Array([0, 255, 1]).subarray(1) })).body_base64, "/wE=");
  assert.equal((await sent({ content: new Uint8Array([65]).buffer })).body, "A");

  const form = await sent({ data: { a: ["1", "2"], b: "ü &" } });
  assert.equal(form.body, "a=1&a=2&b=%C3%BC+%26");
  assert.equal(field(form, "content-type"), "application/x-www-form-urlencoded");
  const blob = await sent({ content: new Blob(["x"], { type: "text/csv" }) });
  assert.deepEqual([blob.body, field(blob, "content-type")], ["x", "text/csv"]);
});

test("a FormData is sent with its files", async () => {
  const data = new FormData();
  data.append("name", "value");
  data.append("file", new Blob(["content"], { type: "text/plain" }), "a.txt");
  const sent = await echo(post(`${base}/post`, { data }));
  assert.match(field(sent, "content-type"), /^multipart\/form-data; boundary=/);
  assert.match(sent.body, /name="file"; filename="a.txt"\r\n.*text\/plain\r\n\r\ncontent/);
});

test("streams and iterables are bodies", async () => {
  async function* parts() {
    yield "one ";
    yield new TextEncoder().encode("two");
  }
  assert.equal((await echo(post(`${base}/post`, { content: parts() }))).body, "one two");
  assert.equal((await echo(post(`${base}/post`, { content: new Blob(["three"]).stream() }))).body, "three");
  assert.equal((await echo(post(`${base}/post`, { content: ["a", "b"] }))).body, "ab");
  async function* broken() {
    yield "one";
    throw new Error("the source broke");
  }
  const error = await post(`${base}/post`, { content: broken() }).then(() => assert.fail("it succeeded"), (error) => error);
  assert.ok(error instanceof whimbrel.WhimbrelError, String(error));
});

test("auth is basic, bearer, in the URL, or none", async () => {
  assert.equal((await get(`${base}/basic-auth/user/pa%3Ass`, { auth: ["user", "pa:ss"] })).status, 200);
  const client = new Client({ auth: bearer("t0k3n") });
  assert.equal((await echo(client.get(`${base}/bearer`))).token, "t0k3n");
  assert.equal((await client.get(`${base}/bearer`, { auth: null })).status, 401);
  assert.equal((await client.get(`${base}/basic-auth/u/p`, { auth: basic("u", "p") })).status, 200);
  assert.equal((await get(`${base.replace("://", "://u:p@")}/basic-auth/u/p`)).status, 200);
});

test("redirects are followed when asked, with their history", async () => {
  const plain = await get(`${base}/redirect/2`);
  assert.deepEqual([plain.status, plain.isRedirect, plain.history.length], [302, true, 0]);
  const response = await get(`${base}/redirect/2`, { followRedirects: true });
  assert.equal(response.url, `${base}/anything`);
  assert.deepEqual(response.history.map(({ status }) => status), [302, 302]);
  assert.ok(response.history[0].headers.has("location"));
  assert.equal(typeof response.history[0].text(), "string");
  const posted = await echo(post(`${base}/redirect/1?status_code=307`, { json: 1, followRedirects: true }));
  assert.deepEqual([posted.method, posted.json], ["POST", 1]);
  const client = new Client({ followRedirects: true, maxRedirects: 1 });
  await fails(client.get(`${base}/redirect/2`), whimbrel.TooManyRedirects, "TooManyRedirects");
});

test("a client keeps cookies", async () => {
  const client = new Client({ followRedirects: true });
  assert.deepEqual((await echo(client.get(`${base}/cookies/set?a=1`))).cookies, { a: "1" });
  assert.deepEqual((await echo(client.get(`${base}/cookies`))).cookies, { a: "1" });
  assert.deepEqual((await echo(get(`${base}/cookies`))).cookies, {});
});

test("a cookie goes back to the host that set it, whatever its Domain says", async () => {
  const answer = async (_url, init) => {
    const headers = { "set-cookie": "n=1; Domain=example.org; Path=/" };
    return new Response(new Headers(init.headers).get("cookie"), { headers });
  };
  const client = new Client({ fetch: answer });
  const sent = async (url) => (await client.get(url)).text();
  for (const url of ["http://a.example.org/", "http://b.example.org/", "http://evil.example/"]) assert.equal(await sent(url), "", url);
  assert.equal(await sent("http://a.example.org/"), "n=1");
  assert.equal(await sent("http://evil.example/"), "");
});

test("content is decoded, and text by its charset", async () => {
  for (const coding of ["gzip", "deflate", "br"]) assert.equal((await echo(get(`${base}/${coding}`))).method, "GET");
  const latin = await get(`${base}/encoding/latin1`);
  assert.equal(latin.encoding, "iso-8859-1");
  assert.ok(!latin.text().includes("\ufffd"));
  const header = await get(`${base}/response-headers?x-name=%E9`);
  assert.equal(header.headers.get("x-name"), "é");
});

test("raiseForStatus throws an HTTPStatusError with the response", async () => {
  const response = await get(`${base}/status/404`);
  const error = await fails((async () => response.raiseForStatus())(), whimbrel.HTTPStatusError, "Status");
  assert.equal(error.response, response);
  assert.equal(error.url, response.url);
  assert.match(error.message, /^Client error '404 Not Found' for url/);
});

test("what is no JSON is a DecodingError", async () => {
  const response = await get(`${base}/html`);
  const error = await fails((async () => response.json())(), whimbrel.DecodingError, "Decoding");
  assert.ok(error.cause instanceof SyntaxError);
});

test("a refused connection is a ConnectError", async () => {
  const url = await refused();
  const error = await fails(get(url.replace("://", "://user:secret@")), whimbrel.ConnectError, "Connect");
  assert.ok(error instanceof whimbrel.TransportError);
  assert.equal(error.code, "ERR_CONNECT");
  assert.equal(error.url, url);
  assert.ok(!JSON.stringify([error.message, error]).includes("secret"));
});

test("a URL that is none is an InvalidURL or has an UnsupportedProtocol", async () => {
  await fails(get("http://exa mple/"), whimbrel.InvalidURL, "InvalidUrl");
  await fails(get("/relative"), whimbrel.UnsupportedProtocol, "UnsupportedProtocol");
  await fails(get("ftp://127.0.0.1/"), whimbrel.UnsupportedProtocol, "UnsupportedProtocol");
  assert.throws(() => new Client({ baseUrl: "http://[" }), whimbrel.InvalidURL);
});

test("host names beyond ASCII are the host's to read", async () => {
  const answer = (url) => Promise.resolve(new Response(url));
  const client = new Client({ fetch: answer });
  assert.equal((await client.get("http://bücher.example/ö")).text(), "http://xn--bcher-kva.example/%C3%B6");
  assert.equal((await new Client({ fetch: answer, baseUrl: "http://ＢÜCHER.example/v1" }).get("/x")).text(), "http://xn--bcher-kva.example/v1/x");
});

test("timeouts have their classes", async () => {
  const late = await fails(get(`${base}/delay/5000`, { timeout: 100 }), whimbrel.ReadTimeout, "ReadTimeout");
  assert.ok(late instanceof whimbrel.TimeoutException);
  await fails(get(`${base}/slow?chunks=20&interval=100`, { timeout: { total: 300 } }), whimbrel.TotalTimeout, "TotalTimeout");
  await fails(get(`${base}/drip?numbytes=2&duration=4000`, { timeout: { read: 200 } }), whimbrel.ReadTimeout, "ReadTimeout");
  assert.equal((await get(`${base}/delay/50`, { timeout: null })).status, 200);
});

test("a body that breaks off is a ReadError or a protocol error", async () => {
  const error = await get(`${base}/close-mid-body`).then(() => assert.fail("it succeeded"), (error) => error);
  assert.ok(error instanceof whimbrel.TransportError, String(error));
});

test("headers that HTTP or the host does not allow are errors", async () => {
  await fails(get(base, { headers: { "x-a": "b\r\nc: d" } }), whimbrel.LocalProtocolError, "LocalProtocol");
  await fails(get(base, { headers: { host: "other.example" } }), whimbrel.UnsupportedOnPlatform, "Unsupported");
});

test("unknown options are errors", async () => {
  assert.throws(() => new Client({ proxy: "http://127.0.0.1" }), /Unknown option 'proxy'/);
  await assert.rejects(get(base, { body: "x" }), TypeError);
  await assert.rejects(get(base, { timeout: { reed: 1 } }), TypeError);
  await assert.rejects(get(base, { timeout: -1 }), TypeError);
  await assert.rejects(post(base, { json: 1, content: "x" }), TypeError);
});

test("a response is read piece by piece", async () => {
  const response = await stream("GET", `${base}/slow?chunks=3&interval=50`);
  assert.equal(response.status, 200);
  const pieces = [];
  for await (const piece of response) pieces.push(new TextDecoder().decode(piece));
  assert.equal(pieces.join(""), "chunk 0\nchunk 1\nchunk 2\n");
  assert.ok(pieces.length > 1, "it came in one piece");
  assert.equal(response.bytesDownloaded, 24);
  await fails(response.read(), whimbrel.StreamConsumed, "BodyConsumed");
});

test("a response is read as lines, as text, or as a whole", async () => {
  const lines = [];
  for await (const line of (await stream("GET", `${base}/stream/3`)).lines()) lines.push(JSON.parse(line).id);
  assert.deepEqual(lines, [0, 1, 2]);
  let text = "";
  for await (const piece of (await stream("GET", `${base}/utf8`)).text()) text += piece;
  assert.equal(text, (await get(`${base}/utf8`)).text());
  const whole = await (await stream("GET", `${base}/bytes/100000`)).read();
  assert.deepEqual(whole.bytes(), (await get(`${base}/bytes/100000`)).bytes());
  assert.equal(whole.bytes().byteLength, 100_000);
});

test("lines end at any newline, wherever the pieces do", async () => {
  const pieces = ["a\r", "\nb\rc", "\n\nd\r"];
  const body = () => new ReadableStream({ start: (controller) => (pieces.forEach((piece) => controller.enqueue(new TextEncoder().encode(piece))), controller.close()) });
  const client = new Client({ fetch: () => Promise.resolve(new Response(body())) });
  const lines = [];
  for await (const line of (await client.stream("GET", "http://x.example/")).lines()) lines.push(line);
  assert.deepEqual(lines, ["a", "b", "c", "", "d"]);
});

// Threat L5.
test("a line without end is an error, soon", async () => {
  const mebibyte = new Uint8Array(1 << 20).fill(120);
  const body = () => new ReadableStream({ pull: (controller) => controller.enqueue(mebibyte) });
  const client = new Client({ fetch: () => Promise.resolve(new Response(body())) });
  const lines = (await client.stream("GET", "http://x.example/")).lines();
  await fails(lines.next(), whimbrel.LimitExceeded, "LimitExceeded");
  assert.ok((await lines.next()).done);
});

// Threats I4 and Q1.
test("headers have whole characters, and errors none that drive a terminal", async () => {
  await assert.rejects(get(base, { headers: { "x-a": "a\ud800" } }), TypeError);
  assert.equal(field(await echo(get(`${base}/anything`, { headers: { "x-a": "é" } })), "x-a"), "Ã©");
  const client = new Client({ fetch: () => Promise.resolve(new Response("", { status: 404, statusText: "No\u009b2J" })) });
  const error = await fails(client.get("http://x.example/").then((response) => response.raiseForStatus()), whimbrel.HTTPStatusError, "Status");
  assert.match(error.message, /'404 No\\u\{9b\}2J'/);
});

test("a stream that is left early ends its request", async () => {
  const aborted = [];
  const fetch = (url, init) => {
    init.signal.addEventListener("abort", () => aborted.push(url));
    return globalThis.fetch(url, init);
  };
  const client = new Client({ fetch });
  for await (const _ of await client.stream("GET", `${base}/slow?chunks=50&interval=50`)) break;
  assert.equal(aborted.length, 1);
  const response = await client.stream("GET", `${base}/slow?chunks=50&interval=50`);
  const reading = response.read();
  await response.close();
  await fails(reading, whimbrel.StreamConsumed, "BodyConsumed");
  assert.equal(aborted.length, 2);
});

test("a signal ends a request wherever it is, and its reason is thrown", async () => {
  const reason = new Error("enough");
  await assert.rejects(get(base, { signal: AbortSignal.abort(reason) }), reason);
  for (const path of ["/hang", "/slow?chunks=50&interval=50"]) {
    const abort = new AbortController();
    const request = get(`${base}${path}`, { signal: abort.signal, timeout: null });
    setTimeout(() => abort.abort(reason), 150);
    await assert.rejects(request, (error) => error === reason);
  }
  const abort = new AbortController();
  const response = await stream("GET", `${base}/slow?chunks=50&interval=50`, { signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(response.read(), (error) => error === reason);
  await assert.rejects(get(`${base}/hang`, { signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
});

test("no listener stays on a signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  signal.addEventListener = (...given) => (listeners++, addEventListener.apply(signal, given));
  signal.removeEventListener = (...given) => (listeners--, removeEventListener.apply(signal, given));
  await get(`${base}/html`, { signal });
  await (await stream("GET", `${base}/html`, { signal })).read();
  await get(await refused(), { signal }).catch(() => {});
  assert.equal(listeners, 0);
});

test("requests run side by side, and from within a fetch of the same client", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => echo(get(`${base}/anything`, { params: { n } }))));
  assert.deepEqual(answers.map(({ args }) => args[0][1]), Array.from({ length: 20 }, (_, n) => String(n)));
  const client = new Client({
    fetch: async (url, init) => (url.endsWith("/outer") ? new Response((await client.get(`${base}/utf8`)).text()) : fetch(url, init)),
  });
  assert.equal((await client.get(`${base}/outer`)).text(), (await get(`${base}/utf8`)).text());
});

test("a closed client sends nothing more", async () => {
  const client = new Client();
  await client.close();
  await client.close();
  await assert.rejects(client.get(base), /closed/);
});

test("index.d.ts declares what the package exports", () => {
  const declared = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
  const names = [...declared.matchAll(/^(?:export|declare) (?:class|function) (\w+)/gm)].map(([, name]) => name.replace(/_$/, ""));
  assert.deepEqual(names.sort(), Object.keys(whimbrel).sort());
});

test("the examples do what they say", async () => {
  const pkg = fileURLToPath(new URL("..", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "whimbrel-examples-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(pkg, join(folder, "node_modules", "whimbrel"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    execFileSync("tsc", ["-p", pkg, "--noEmit", "false", "--outDir", folder], { stdio: "inherit" });
    const example = (name) => import(pathToFileURL(join(folder, "examples", `${name}.js`)));
    assert.deepEqual((await (await example("first")).first(base)).args, [["q", "a b"], ["page", "1"]]);
    assert.equal(await (await example("client")).create(base, "t0k3n"), "200 application/json 0");
    const lines = await (await example("stream")).firstLines(base, 2, new AbortController().signal);
    assert.deepEqual(lines.map((line) => JSON.parse(line).id), [0, 1]);
    const { outcome } = await example("errors");
    assert.equal(await outcome(`${base}/status/404`), "status 404");
    assert.equal(await outcome(`${base}/hang`), "too slow");
    const nobody = await refused();
    assert.equal(await outcome(nobody), `no connection to ${nobody}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the packed package has all that it needs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "whimbrel-pack-"));
  try {
    const pkg = fileURLToPath(new URL("..", import.meta.url));
    const packed = JSON.parse(execFileSync("npm", ["pack", "--json", "--offline", "--pack-destination", folder, pkg], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    const installed = join(folder, "node_modules", "whimbrel");
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", join(folder, packed[0].filename), "-C", installed, "--strip-components=1"]);
    const program = `import { get } from "whimbrel"; console.log((await get("${base}/anything")).json().method)`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: folder, encoding: "utf8" });
    assert.equal(printed.trim(), "GET");
    const required = execFileSync(process.execPath, ["-e", 'console.log(typeof require("whimbrel").Client)'], { cwd: folder, encoding: "utf8" });
    assert.equal(required.trim(), "function");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a fetch of the caller's own may return anything", async () => {
  for (const fetch of [async () => undefined, async () => ({ status: 200 }), () => "text"]) {
    const error = await new Client({ fetch }).get(base).catch((error) => error);
    assert.equal(error.kind, "LocalProtocol");
  }
  const direct = await new Client({ fetch: () => new globalThis.Response("no promise") }).get(base);
  assert.equal(direct.text(), "no promise");
});

test("an abort while the body is read ends it, wherever it comes from", async () => {
  const controller = new AbortController();
  let pulls = 0;
  const pull = (stream) => {
    pulls += 1;
    if (pulls === 2) controller.abort(new Error("enough"));
    stream.enqueue(new Uint8Array(3));
  };
  const client = new Client({ fetch: async () => new globalThis.Response(new ReadableStream({ pull }, { highWaterMark: 0 })) });
  await assert.rejects(client.get(base, { signal: controller.signal }), /enough/);
  const other = new Client({ fetch: async () => new globalThis.Response("fine") });
  assert.equal((await other.get(base)).text(), "fine");
});

test("an upload may take its time", async () => {
  async function* slowly() {
    for (let piece = 0; piece < 6; piece += 1) {
      await new Promise((resolve) => setTimeout(resolve, 80));
      yield "x";
    }
  }
  const response = await new Client({ timeout: { read: 300 } }).post(`${base}/anything`, { content: slowly() });
  assert.equal(response.json().body, "xxxxxx");
});

test("a redirect to another origin is followed, to another scheme it is not", async () => {
  const client = new Client({ followRedirects: true });
  const there = `${base.replace("127.0.0.1", "localhost")}/anything`;
  assert.equal((await client.get(`${base}/redirect-to`, { params: { url: there } })).url, there);
  const error = await client.get(`${base}/redirect-to`, { params: { url: "data:text/plain,hello" } }).catch((error) => error);
  assert.equal(error.kind, "UnsupportedProtocol");
});
