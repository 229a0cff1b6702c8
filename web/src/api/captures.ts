// What calls said, where it is kept.

import { client, type Schemas, taken } from "./client";

export type Captured = Schemas["CapturedCall"];
export type CapturedBody = Schemas["CapturedBody"];

/** Each time it is asked for is in the audit trail, so nothing asks by itself. */
export function readCapture(id: string): Promise<Captured> {
  return taken(client.GET("/api/v1/calls/{id}/capture", { params: { path: { id } } }));
}

export async function forgetCapture(id: string): Promise<void> {
  await taken(client.DELETE("/api/v1/calls/{id}/capture", { params: { path: { id } } }));
}
