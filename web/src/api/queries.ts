// What is kept of the control plane's answers, and when it is asked again.

import { QueryClient } from "@tanstack/react-query";
import { server } from "./reachable";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays one, and a server that is gone is asked after in one place for all.
      retry: false,
      refetchOnWindowFocus: true,
      // Requests to a server next door work without the Internet.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

// What failed in the meantime, and what may have changed.
server.onBack(() => void queries.refetchQueries({ type: "active" }));
