// Errors by their class, and by their kind.
import { ConnectError, HTTPStatusError, TimeoutException, WhimbrelError, get } from "whimbrel";
import type { ErrorKind } from "whimbrel";

export async function outcome(url: string): Promise<string> {
  try {
    return (await get(url, { timeout: 500 })).raiseForStatus().text();
  } catch (error) {
    if (error instanceof TimeoutException) return "too slow";
    if (error instanceof HTTPStatusError) return `status ${error.response?.status}`;
    if (error instanceof ConnectError) return `no connection to ${error.url}`;
    if (error instanceof WhimbrelError) return kindOf(error.kind);
    throw error;
  }
}

function kindOf(kind: ErrorKind | undefined): string {
  return kind ?? "closed";
}
