// One request, and its response as JSON.
import { get } from "whimbrel";

interface Echo {
  method: string;
  args: [name: string, value: string][];
}

export async function first(base: string): Promise<Echo> {
  const response = await get(`${base}/anything`, { params: { q: "a b", page: 1 } });
  return response.raiseForStatus().json<Echo>();
}
