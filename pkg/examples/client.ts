// A client with a base URL, credentials and timeouts; a request that says otherwise.
import { Client, bearer } from "whimbrel";

export async function create(base: string, token: string): Promise<string> {
  await using client = new Client({
    baseUrl: base,
    headers: { "x-app": "1" },
    auth: bearer(token),
    timeout: { connect: 10_000, total: 30_000 },
    followRedirects: true,
  });
  const created = await client.post("/anything/users", { json: { name: "Numenius" }, timeout: 1_000 });
  const anonymous = await client.get("/anything", { auth: null });
  return `${created.status} ${anonymous.headers.get("content-type") ?? ""} ${created.history.length}`;
}
