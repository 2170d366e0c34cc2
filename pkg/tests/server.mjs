// The test server: the one at WHIMBREL_TEST_URL, else the one that scripts/test starts, else a new one on ports of its own.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const USUAL = "http://127.0.0.1:18600";

/** Its base URL, and how to end it if it was started here. */
export async function server() {
  const given = process.env.WHIMBREL_TEST_URL;
  if (given) return { base: given, stop() {} };
  if (await serves(USUAL)) return { base: USUAL, stop() {} };
  return start();
}

async function serves(base) {
  return fetch(`${base}/pkg/package.json`).then((response) => response.ok, () => false);
}

async function start() {
  const arguments_ = ["run", "-q", "--example", "server", "--", "--www", "www", "--pkg", "pkg"];
  // A group of its own, because cargo stands between the server and its end.
  const child = spawn("cargo", arguments_, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], detached: true });
  const line = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data)));
    child.once("exit", () => reject(new Error("The test server did not start")));
  });
  return { base: JSON.parse(line).http.replace(/\/$/, ""), stop: () => process.kill(-child.pid) };
}

/** A port of loopback on which nothing listens. */
export async function refused() {
  const { createServer } = await import("node:net");
  return new Promise((resolve) => {
    const listener = createServer().listen(0, "127.0.0.1", () => {
      const { port } = listener.address();
      listener.close(() => resolve(`http://127.0.0.1:${port}/`));
    });
  });
}
