// What calls said, where it is kept.

import { client, type Schemas, taken } from "./client";

export type Captured = Schemas["CapturedCall"];
export type CapturedBody = Schemas["CapturedBody"];
export type Transcript = Schemas["Transcript"];
export type TranscriptCall = Schemas["TranscriptCall"];
export type TranscriptLine = Schemas["TranscriptLine"];
export type TranscriptSaid = Schemas["TranscriptSaid"];
export type ToolUse = Schemas["ToolUse"];

/** Each time it is asked for is in the audit trail, so nothing asks by itself. */
export function readCapture(id: string): Promise<Captured> {
  return taken(client.GET("/api/v1/calls/{id}/capture", { params: { path: { id } } }));
}

export async function forgetCapture(id: string): Promise<void> {
  await taken(client.DELETE("/api/v1/calls/{id}/capture", { params: { path: { id } } }));
}

/** What was said in a session, from `cursor` on; like single captures, it is not asked for by itself. */
export function readTranscript(id: string, cursor?: string | null): Promise<Transcript> {
  const query = cursor ? { cursor } : {};
  const params = { path: { id }, query };
  return taken(client.GET("/api/v1/sessions/{id}/transcript", { params }));
}
