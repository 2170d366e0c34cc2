// A response read line by line, and ended by a signal.
import { stream } from "whimbrel";

export async function firstLines(base: string, most: number, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  await using response = await stream("GET", `${base}/stream/100`, { signal });
  for await (const line of response.lines()) {
    lines.push(line);
    if (lines.length === most) break;
  }
  return lines;
}
