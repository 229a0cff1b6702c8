// Where agents find this gateway.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";

export type ProxyInfo = Schemas["ProxyInfo"];

export function proxyInfo() {
  return queryOptions({
    queryKey: ["proxy-info"],
    queryFn: ({ signal }) => taken(client.GET("/api/v1/proxy-info", { signal })),
    // It changes when the server is started anew.
    staleTime: Number.POSITIVE_INFINITY,
  });
}
