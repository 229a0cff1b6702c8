// Lists that the control plane gives in parts, put together.

type Part<Row> = { data: Row[]; next: string | null };

/** The most rows that one part may hold. */
const MOST = 1000;

/** A whole list, however many parts that takes. */
export async function whole<Row>(
  ask: (query: { limit: number; cursor?: string }) => Promise<Part<Row>>,
): Promise<Part<Row>> {
  const data: Row[] = [];
  let cursor: string | undefined;
  do {
    const part = await ask({ limit: MOST, ...(cursor !== undefined && { cursor }) });
    data.push(...part.data);
    cursor = part.next ?? undefined;
  } while (cursor !== undefined);
  return { data, next: null };
}
